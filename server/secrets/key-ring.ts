import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { serverKeyInvalid } from '../errors.js'
import { readOrCreatePrivateFile } from './create-once.js'
import { replacePrivateFile } from './replace-file.js'

/** A key-encryption key. */
export interface RingKey {
  /** 16 hex digits that follow from the key, so that the same key has one id everywhere. */
  readonly id: string
  readonly key: Buffer
}

/**
 * The keys in a file: one a line, base64, the current one first. What is sealed is sealed with the current one; the
 * others only open what was sealed before. Several servers share the file, so it is looked at again whenever it has
 * changed, and when a key is asked for that was not there.
 */
export interface KeyRing {
  readonly path: string
  readonly current: RingKey
  /** All keys, the current one first. */
  readonly keys: readonly RingKey[]
  find(id: string): RingKey | null
  /** Writes a new current key in front of the others; on the disk before this resolves. */
  addKey(): Promise<RingKey>
  /** Takes keys out, never the current one. */
  removeKeys(ids: ReadonlySet<string>): Promise<void>
}

const KEY_BYTES = 32
/** A ring with more is refused: every value without a key's id is tried with each. */
export const RING_KEYS_MAX = 100

/**
 * Opens the file of keys; it is made, with one key and mode 0600, when it is not there.
 * @throws SandpiperError SP_SECRET_KEY_INVALID
 */
export async function openKeyRing(path: string): Promise<KeyRing> {
  await readOrCreatePrivateFile(path, () => line(randomBytes(KEY_BYTES)))
  return new FileKeyRing(path)
}

/** A ring of one key that is in no file. */
export function ringOf(key: Buffer): KeyRing {
  const current = { id: idOf(key), key }
  const fixed = (): Promise<never> => Promise.reject(new Error('this ring is in no file'))
  const find = (id: string): RingKey | null => (id === current.id ? current : null)
  return { path: 'memory', current, keys: [current], find, addKey: fixed, removeKeys: fixed }
}

class FileKeyRing implements KeyRing {
  #keys: readonly RingKey[]
  #stamp: string

  constructor(readonly path: string) {
    this.#stamp = stampOf(path)
    this.#keys = readKeys(path)
  }

  get current(): RingKey {
    // A ring without a key is refused when it is read.
    return this.keys[0] as RingKey
  }

  get keys(): readonly RingKey[] {
    const stamp = stampOf(this.path)
    if (stamp !== this.#stamp) this.#read(stamp)
    return this.#keys
  }

  find(id: string): RingKey | null {
    const found = this.#keys.find((key) => key.id === id)
    return found ?? this.keys.find((key) => key.id === id) ?? null
  }

  async addKey(): Promise<RingKey> {
    const key = randomBytes(KEY_BYTES)
    const others = this.keys
    if (others.length >= RING_KEYS_MAX) throw serverKeyInvalid(this.path, 'has too many keys')
    await this.#write([key, ...others.map((other) => other.key)])
    return { id: idOf(key), key }
  }

  async removeKeys(ids: ReadonlySet<string>): Promise<void> {
    const [current, ...others] = this.keys
    const kept = others.filter(({ id }) => !ids.has(id))
    await this.#write([current as RingKey, ...kept].map(({ key }) => key))
  }

  async #write(keys: readonly Buffer[]): Promise<void> {
    await replacePrivateFile(this.path, keys.map(line).join(''))
    this.#read(stampOf(this.path))
  }

  #read(stamp: string): void {
    this.#keys = readKeys(this.path)
    this.#stamp = stamp
  }
}

/** Changes whenever the file is replaced or written. */
function stampOf(path: string): string {
  const { ino, mtimeNs, size } = statSync(path, { bigint: true })
  return `${ino} ${mtimeNs} ${size}`
}

function readKeys(path: string): readonly RingKey[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  const texts = lines.map((text) => text.trim()).filter((text) => text !== '')
  if (texts.length === 0 || texts.length > RING_KEYS_MAX) throw serverKeyInvalid(path)
  return texts.map((text) => {
    const key = Buffer.from(text, 'base64')
    if (key.length !== KEY_BYTES) throw serverKeyInvalid(path)
    return { id: idOf(key), key }
  })
}

function idOf(key: Buffer): string {
  return createHash('sha256').update('sandpiper key id\0').update(key).digest('hex').slice(0, 16)
}

function line(key: Buffer): string {
  return `${key.toString('base64')}\n`
}
