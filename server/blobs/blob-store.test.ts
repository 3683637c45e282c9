import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { BlobInfo, BlobStore } from './blob-store.js'
import { isBlobKey } from './blob-store.js'
import { DiskBlobStore } from './disk-blob-store.js'
import { S3BlobStore } from './s3-blob-store.js'
import { FaultyS3 } from './testing/faulty-s3.js'
import { startS3 } from './testing/s3-server.js'

let directory: string
const closers: (() => Promise<void>)[] = []
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sandpiper-blobs-'))
})
afterAll(async () => {
  for (const close of closers) await close()
  await rm(directory, { recursive: true })
})

async function fileOf(data: Buffer | string): Promise<string> {
  const path = join(directory, randomBytes(8).toString('hex'))
  await writeFile(path, data)
  return path
}

async function bytesOf(store: BlobStore, key: string, from: number, to: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of store.read(key, from, to)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const STORES = {
  disk: () => Promise.resolve(new DiskBlobStore(join(directory, 'blobs'))),
  async S3() {
    const server = await startS3()
    closers.push(() => server.stop())
    return new S3BlobStore(server.settings)
  },
}

describe.each(Object.entries(STORES))('blobs on %s', (_name, open) => {
  let store: BlobStore
  beforeAll(async () => {
    store = await open()
  })

  it('are read whole and in parts', async () => {
    const data = randomBytes(200_000)
    await store.put('logs/1/1/1/a.gz', await fileOf(data))
    expect(await store.size('logs/1/1/1/a.gz')).toBe(data.length)
    expect((await bytesOf(store, 'logs/1/1/1/a.gz', 0, data.length)).equals(data)).toBe(true)
    const part = await bytesOf(store, 'logs/1/1/1/a.gz', 70_000, 140_001)
    expect(part.equals(data.subarray(70_000, 140_001))).toBe(true)
    expect(await bytesOf(store, 'logs/1/1/1/a.gz', 5, 5)).toEqual(Buffer.alloc(0))
  })

  it('may be large, and may be stored twice', async () => {
    const file = await fileOf(randomBytes(17 * 1024 * 1024))
    for (let i = 0; i < 2; i += 1) await store.put('big', file)
    expect(await store.size('big')).toBe(17 * 1024 * 1024)
    expect(await bytesOf(store, 'big', 17 * 1024 * 1024 - 3, 17 * 1024 * 1024)).toHaveLength(3)
  })

  it('that are shorter than what is asked for are an error, not an end', async () => {
    await store.put('short', await fileOf('abc'))
    await expect(bytesOf(store, 'short', 0, 4)).rejects.toMatchObject({ code: 'SP_BLOB_FAILED' })
  })

  it('that are not there are missing, and can be removed all the same', async () => {
    await expect(bytesOf(store, 'none', 0, 1)).rejects.toMatchObject({ code: 'SP_BLOB_MISSING' })
    expect(await store.size('none')).toBeNull()
    await store.remove('none')
    await store.put('gone', await fileOf('x'))
    await store.remove('gone')
    expect(await store.size('gone')).toBeNull()
  })

  it('are listed by how their keys begin', async () => {
    for (const key of ['list/a', 'list/b/c', 'list/b.d', 'list-not']) {
      await store.put(key, await fileOf(key))
    }
    const found: BlobInfo[] = []
    for (let next: string | null = null; ;) {
      const page = await store.list('list/', next)
      found.push(...page.blobs)
      next = page.next
      if (next === null) break
    }
    expect(found.map(({ key }) => key).sort()).toEqual(['list/a', 'list/b.d', 'list/b/c'])
    expect(found.every(({ bytes, key }) => bytes === key.length)).toBe(true)
    expect(Math.abs((found[0]?.modified ?? 0) - Date.now())).toBeLessThan(600_000)
  })

  it('have safe keys only', async () => {
    const file = await fileOf('x')
    for (const key of ['../x', '/x', 'a//b', 'a/../b', '', 'A', 'a\0']) {
      await expect(store.put(key, file)).rejects.toThrow('not a key')
    }
  })
})

describe('keys of blobs', () => {
  it.each(['a', 'logs/1/2/3/0f.ndjson.gz'])('%s is one', (key) => {
    expect(isBlobKey(key)).toBe(true)
  })
})

describe('blobs on disk', () => {
  it('that could not be written leave nothing', async () => {
    const root = join(directory, 'other')
    const store = new DiskBlobStore(root)
    const none = store.put('a/b', join(directory, 'none'))
    await expect(none).rejects.toMatchObject({ code: 'SP_BLOB_FAILED' })
    expect(await readdir(join(root, 'a'))).toEqual([])
  })
})

describe('an S3 server that fails', () => {
  const server = new FaultyS3()
  let store: S3BlobStore
  let file: string
  const data = randomBytes(100_000)
  beforeAll(async () => {
    store = new S3BlobStore(await server.start())
    closers.push(() => server.stop())
    file = await fileOf(data)
  })
  beforeEach(() => {
    server.requests.length = 0
    server.faults.length = 0
  })

  it.each(['slow down', 'internal', 'hang', 'reset'] as const)(
    'with %s for a while is asked again',
    async (fault) => {
      server.faults.push(fault, fault)
      await store.put('k', file)
      server.faults.push(fault, fault)
      expect((await bytesOf(store, 'k', 0, data.length)).equals(data)).toBe(true)
      expect(server.requests).toHaveLength(6)
    },
  )

  it('for good is told after a few tries', async () => {
    server.faults.push(...Array.from({ length: 20 }, () => 'slow down' as const))
    await expect(store.put('k', file)).rejects.toMatchObject({ code: 'SP_BLOB_FAILED' })
    expect(server.requests).toHaveLength(4)
  })

  it('with a no is not asked again', async () => {
    server.faults.push('forbidden')
    await expect(store.put('k', file)).rejects.toThrow('403')
    expect(server.requests).toHaveLength(1)
  })

  it('in the middle of an answer is asked for the rest only', async () => {
    await store.put('k', file)
    server.faults.push('cut short', 'cut short', 'cut short', 'cut short', 'cut short')
    expect((await bytesOf(store, 'k', 0, data.length)).equals(data)).toBe(true)
  })

  it('without ranges costs more and gives the same', async () => {
    await store.put('k', file)
    server.faults.push('no ranges')
    const part = await bytesOf(store, 'k', 90_000, 90_010)
    expect(part.equals(data.subarray(90_000, 90_010))).toBe(true)
  })

  it('with an ETag that means nothing is believed by its bytes', async () => {
    server.faults.push('wrong etag')
    await store.put('k', file)
    expect((await bytesOf(store, 'k', 0, 10)).equals(data.subarray(0, 10))).toBe(true)
  })
})
