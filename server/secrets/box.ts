import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { secretUnreadable, serverKeyInvalid } from '../errors.js'
import { readOrCreatePrivateFile } from './create-once.js'

/** Encrypts secrets for the database. */
export interface SecretBox {
  /** Encrypts text. Only `open` with the same context gives it back. */
  seal(plain: string, context: string): string
  /** @throws SandpiperError SP_SECRET_UNREADABLE when key, context or data do not fit */
  open(sealed: string, context: string): string
}

const KEY_BYTES = 32
/** NIST SP 800-38D, 8.2.2: 96-bit random nonces are safe for 2^32 messages under one key. */
const NONCE_BYTES = 12
const TAG_BYTES = 16
const VERSION = 'v1:'

/**
 * Opens the box whose key is in a file; the file is made (mode 0600) when it is not there.
 * @throws SandpiperError SP_SECRET_KEY_INVALID
 */
export async function openSecretBox(keyFile: string): Promise<SecretBox> {
  const text = await readOrCreatePrivateFile(
    keyFile,
    () => `${randomBytes(KEY_BYTES).toString('base64')}\n`,
  )
  const key = Buffer.from(text, 'base64')
  if (key.length !== KEY_BYTES) throw serverKeyInvalid(keyFile)
  return createSecretBox(key)
}

/** AES-256-GCM with a random nonce; the context is authenticated with the text, not stored. */
export function createSecretBox(key: Buffer): SecretBox {
  return {
    seal: (plain, context) => seal(key, plain, context),
    open: (sealed, context) => open(key, sealed, context),
  }
}

function seal(key: Buffer, plain: string, context: string): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context))
  const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
  return VERSION + Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64')
}

function open(key: Buffer, sealed: string, context: string): string {
  const data = Buffer.from(sealed.slice(VERSION.length), 'base64')
  if (!sealed.startsWith(VERSION) || data.length < NONCE_BYTES + TAG_BYTES) {
    throw secretUnreadable(context)
  }
  const nonce = data.subarray(0, NONCE_BYTES)
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(context))
  decipher.setAuthTag(data.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
  try {
    const body = decipher.update(data.subarray(NONCE_BYTES + TAG_BYTES))
    return Buffer.concat([body, decipher.final()]).toString('utf8')
  } catch (error) {
    throw secretUnreadable(context, error)
  }
}
