import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { FileLogStore } from './file-log-store.js'
import type { LogRef } from './log-store.js'
import { LogWatcher } from './log-watcher.js'

let root: string
let store: FileLogStore
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sandpiper-logs-'))
  store = new FileLogStore(root)
})
afterEach(async () => {
  await store.close()
  await rm(root, { recursive: true })
})

const REF = { stageId: 1, attempt: 1, step: 1 }

async function textOf(ref: LogRef, from = 0, to = Number.MAX_SAFE_INTEGER): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of store.read(ref, from, to)) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

describe('the file log store', () => {
  it('appends at the end and reads any range', async () => {
    expect(await store.append(REF, 0, Buffer.from('hello '))).toBe(6)
    expect(await store.append(REF, 6, Buffer.from('world'))).toBe(11)
    expect(await textOf(REF)).toBe('hello world')
    expect(await textOf(REF, 4, 8)).toBe('o wo')
  })

  it('ignores bytes that it has, and takes the new part of a chunk that overlaps', async () => {
    await store.append(REF, 0, Buffer.from('abcdef'))
    expect(await store.append(REF, 2, Buffer.from('cd'))).toBe(6)
    expect(await store.append(REF, 4, Buffer.from('efgh'))).toBe(8)
    expect(await textOf(REF)).toBe('abcdefgh')
  })

  it('adds nothing behind a gap and answers the true length', async () => {
    await store.append(REF, 0, Buffer.from('abc'))
    expect(await store.append(REF, 4, Buffer.from('e'))).toBe(3)
    expect(await textOf(REF)).toBe('abc')
  })

  it('has size 0, no bytes and the checksum of nothing for a log that is not there', async () => {
    expect(await store.size(REF)).toBe(0)
    expect(await textOf(REF)).toBe('')
    expect(await store.sha256(REF)).toBe(createHash('sha256').digest('hex'))
  })

  it('goes on with a log that a store before it wrote, checksum and all', async () => {
    await store.append(REF, 0, Buffer.from('abc'))
    await store.close()
    store = new FileLogStore(root)
    expect(await store.size(REF)).toBe(3)
    await store.append(REF, 3, Buffer.from('def'))
    expect(await store.sha256(REF)).toBe(createHash('sha256').update('abcdef').digest('hex'))
  })

  it('sees, after a restart, that the file lost its tail', async () => {
    await store.append(REF, 0, Buffer.from('abcdef'))
    await store.close()
    await truncate(join(root, '1/1/1.ndjson'), 2)
    store = new FileLogStore(root)
    expect(await store.append(REF, 6, Buffer.from('g'))).toBe(2)
  })

  it('keeps few files open and loses nothing by it', async () => {
    store = new FileLogStore(root, { openLogsMax: 3 })
    const refs = Array.from({ length: 20 }, (_, step) => ({ ...REF, step }))
    for (const part of [0, 1]) {
      await Promise.all(refs.map((ref) => store.append(ref, part * 2, Buffer.from('ab'))))
    }
    const open = (await readdir('/proc/self/fd', { withFileTypes: true })).length
    await store.close()
    expect(open - (await readdir('/proc/self/fd')).length).toBeLessThanOrEqual(3)
    for (const ref of refs) expect(await textOf(ref)).toBe('abab')
  })

  it('keeps logs from other users of the machine', async () => {
    await store.append(REF, 0, Buffer.from('x'))
    expect((await stat(join(root, '1/1/1.ndjson'))).mode & 0o777).toBe(0o600)
  })

  it('removes one log, or all of a stage', async () => {
    const other = { ...REF, attempt: 2 }
    await store.append(REF, 0, Buffer.from('x'))
    await store.append(other, 0, Buffer.from('y'))
    await store.remove(REF)
    expect([await store.size(REF), await store.size(other)]).toEqual([0, 1])
    await store.removeStage(1)
    expect(await readdir(root)).toEqual([])
    expect(await store.append(other, 0, Buffer.from('new'))).toBe(3)
  })

  it('refuses numbers that are none', async () => {
    await expect(store.size({ ...REF, step: Number.NaN })).rejects.toThrow('not a number')
  })

  it('ends up with the whole text whatever pieces come twice or early', async () => {
    const text = Buffer.from(Array.from({ length: 60 }, (_, i) => `line ${i}\n`).join(''))
    let step = 0
    const piece = fc.tuple(fc.nat(text.length - 1), fc.integer({ min: 1, max: 80 }))
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
        const ref = { ...REF, step: ++step }
        for (const [from, bytes] of pieces) {
          await store.append(ref, from, text.subarray(from, from + bytes))
        }
        await store.append(ref, 0, text)
        expect(await textOf(ref)).toBe(text.toString())
        expect(await store.sha256(ref)).toBe(createHash('sha256').update(text).digest('hex'))
      }),
      { numRuns: 40 },
    )
  })
})

describe('the log watcher', () => {
  it('calls each watch once a change until it is ended', () => {
    const watcher = new LogWatcher()
    let calls = 0
    const listener = (): number => calls++
    const end = watcher.watch(REF, listener)
    const endOther = watcher.watch(REF, listener)
    watcher.notify(REF)
    expect(calls).toBe(2)
    watcher.notify({ ...REF, attempt: 2 })
    expect(calls).toBe(2)
    end()
    end()
    watcher.notify(REF)
    expect(calls).toBe(3)
    endOther()
    expect(watcher.size).toBe(0)
  })
})
