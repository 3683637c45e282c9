import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { copyFile, mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { nullIfMissing } from '../null-if-missing.js'
import { isBlobKey } from './blob-store.js'
import type { BlobInfo, BlobPage, BlobStore } from './blob-store.js'
import { blobFailed, blobMissing } from './errors.js'

const READ_BYTES = 64 * 1024
const PAGE = 1_000

/** Ends the name of a file that is not a blob yet; no key may have it. */
const UNFINISHED = '~'

/** Keeps blobs as files below a directory. */
export class DiskBlobStore implements BlobStore {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  async put(key: string, file: string): Promise<void> {
    const path = this.#path(key)
    const unfinished = `${path}.${randomUUID()}${UNFINISHED}`
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      await copyFile(file, unfinished)
      await flush(unfinished)
      await rename(unfinished, path)
      // Directories may be new, too.
      for (let at = dirname(path); at.startsWith(this.#root); at = dirname(at)) await flush(at)
    } catch (error) {
      await rm(unfinished, { force: true })
      throw blobFailed(`store blob ${key}`, error)
    }
  }

  async *read(key: string, from: number, to: number): AsyncGenerator<Buffer> {
    const file = await nullIfMissing(open(this.#path(key), 'r'))
    if (file === null) throw blobMissing(key)
    try {
      for (let position = from; position < to;) {
        const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, to - position))
        const { bytesRead } = await file.read(buffer, 0, buffer.length, position)
        if (bytesRead === 0) throw blobFailed(`read blob ${key}`, new Error('it is too short'))
        position += bytesRead
        yield buffer.subarray(0, bytesRead)
      }
    } finally {
      await file.close()
    }
  }

  async size(key: string): Promise<number | null> {
    return (await nullIfMissing(stat(this.#path(key))))?.size ?? null
  }

  async remove(key: string): Promise<void> {
    const path = this.#path(key)
    await rm(path, { force: true })
    await this.#removeEmpty(dirname(path))
  }

  async list(prefix: string, next: string | null): Promise<BlobPage> {
    const blobs: BlobInfo[] = []
    for await (const path of filesBelow(this.#root)) {
      const key = relative(this.#root, path)
      if (!key.startsWith(prefix) || (next !== null && key <= next)) continue
      const info = await nullIfMissing(stat(path))
      if (info !== null) blobs.push({ key, bytes: info.size, modified: info.mtimeMs })
      if (blobs.length === PAGE) return { blobs, next: key }
    }
    return { blobs, next: null }
  }

  /** Directories that hold nothing any more go, too. */
  async #removeEmpty(directory: string): Promise<void> {
    for (let path = directory; path.startsWith(`${this.#root}/`); path = dirname(path)) {
      try {
        await rmdir(path)
      } catch {
        return
      }
    }
  }

  #path(key: string): string {
    assert(isBlobKey(key), `not a key of a blob: ${key}`)
    return join(this.#root, key)
  }
}

/** Files below a directory in the order of their paths, so that a list can go on after any of them. */
async function* filesBelow(directory: string): AsyncGenerator<string> {
  const entries = (await nullIfMissing(readdir(directory, { withFileTypes: true }))) ?? []
  const name = (entry: (typeof entries)[number]) => entry.name + (entry.isDirectory() ? '/' : '')
  entries.sort((a, b) => (name(a) < name(b) ? -1 : 1))
  for (const entry of entries) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) yield* filesBelow(path)
    else if (!entry.name.endsWith(UNFINISHED)) yield path
  }
}

async function flush(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
