import { randomBytes } from 'node:crypto'
import { decrypt, encrypt } from '../../protocol/cipher.js'
import { secretUnreadable } from '../errors.js'
import { openKeyRing, ringOf, type KeyRing, type RingKey } from './key-ring.js'

/** Encrypts secrets for the database. */
export interface SecretBox {
  /** Encrypts text. Only `open` with the same context gives it back. */
  seal(plain: string, context: string): string
  /** @throws SandpiperError SP_SECRET_UNREADABLE when key, context or data do not fit */
  open(sealed: string, context: string): string
}

/** A box whose values can get a new key. */
export interface RewrappingBox extends SecretBox {
  readonly ring: KeyRing
  /**
   * The same secret under the current key; null when it is that already.
   * @throws SandpiperError SP_SECRET_UNREADABLE
   */
  rewrap(sealed: string, context: string): string | null
}

const KEY_BYTES = 32
/** Sealed with the file's only key itself. */
const DIRECT = 'v1:'
/** `v2:KEY-ID:WRAPPED-DATA-KEY:TEXT`: the text under a key of its own, and that under the ring's key. */
const ENVELOPE = 'v2:'
const DATA_KEY = 'data key'

/** What a column that holds sealed text has. */
export const SEALED = /^(?:v1:[A-Za-z0-9+/=]{38,}|v2:[0-9a-f]{16}:[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+)$/

/**
 * Opens the box whose keys are in a file; the file is made (mode 0600) when it is not there.
 * @throws SandpiperError SP_SECRET_KEY_INVALID
 */
export async function openSecretBox(keyFile: string): Promise<RewrappingBox> {
  return createSecretBox(await openKeyRing(keyFile))
}

/** Envelope encryption: AES-256-GCM with a key for each value, which the ring's current key wraps. */
export function createSecretBox(keys: KeyRing | Buffer): RewrappingBox {
  const ring = Buffer.isBuffer(keys) ? ringOf(keys) : keys
  return {
    ring,
    seal: (plain, context) => seal(ring.current, plain, context),
    open: (sealed, context) => open(ring, sealed, context),
    rewrap: (sealed, context) => rewrap(ring, sealed, context),
  }
}

function seal(key: RingKey, plain: string, context: string): string {
  const dataKey = randomBytes(KEY_BYTES)
  const text = encrypt(dataKey, Buffer.from(plain, 'utf8'), context)
  return envelope(key, dataKey, text.toString('base64'))
}

function envelope({ id, key }: RingKey, dataKey: Buffer, text: string): string {
  return `${ENVELOPE}${id}:${encrypt(key, dataKey, DATA_KEY).toString('base64')}:${text}`
}

function open(ring: KeyRing, sealed: string, context: string): string {
  try {
    if (sealed.startsWith(DIRECT)) return openDirect(ring, sealed, context)
    const { dataKey, text } = unwrap(ring, sealed)
    return decrypt(dataKey, Buffer.from(text, 'base64'), context).toString('utf8')
  } catch (error) {
    throw secretUnreadable(context, error)
  }
}

/** It does not say which key it is sealed with: one of them opens it. */
function openDirect(ring: KeyRing, sealed: string, context: string): string {
  const data = Buffer.from(sealed.slice(DIRECT.length), 'base64')
  let failure: unknown
  for (const { key } of ring.keys) {
    try {
      return decrypt(key, data, context).toString('utf8')
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

function unwrap(ring: KeyRing, sealed: string): { id: string; dataKey: Buffer; text: string } {
  const [id, wrapped, text, ...rest] = sealed.slice(ENVELOPE.length).split(':')
  const isWhole = sealed.startsWith(ENVELOPE) && rest.length === 0
  if (!isWhole || !id || !wrapped || !text) throw new Error('it is not sealed')
  const key = ring.find(id)
  if (key === null) throw new Error(`the key ${id} is not in ${ring.path}`)
  return { id, dataKey: decrypt(key.key, Buffer.from(wrapped, 'base64'), DATA_KEY), text }
}

/** Of an envelope only the data key is wrapped anew; what was sealed without one gets one. */
function rewrap(ring: KeyRing, sealed: string, context: string): string | null {
  const { current } = ring
  if (sealed.startsWith(`${ENVELOPE}${current.id}:`)) return null
  if (sealed.startsWith(DIRECT)) return seal(current, open(ring, sealed, context), context)
  try {
    const { dataKey, text } = unwrap(ring, sealed)
    return envelope(current, dataKey, text)
  } catch (error) {
    throw secretUnreadable(context, error)
  }
}
