import { createHash } from 'node:crypto'
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { pino } from 'pino'
import { encodeLogRecord } from '../../protocol/log-record.js'
import { DiskBlobStore } from '../blobs/disk-blob-store.js'
import type { Db } from '../store/database.js'
import { findStepLog, insertStepLog, newStepLog, updateStepLog } from '../store/step-logs.js'
import { TestDatabase } from '../testing/test-database.js'
import { LogArchiver, blobKeyOf } from './archiver.js'
import { ArchivedLogs } from './archived-logs.js'
import { FileLogStore } from './file-log-store.js'
import { LogIndexes } from './log-indexes.js'
import type { LogRef, LogStore } from './log-store.js'
import { removeLog } from './remove-logs.js'
import { SegmentLogStore } from './segment-log-store.js'
import { sweepBlobs } from './sweep-blobs.js'

const REF = { stageId: 1, attempt: 1, step: 1 }
const HOUR = 3_600_000

let directory: string
let database: TestDatabase
let db: Db
let now: number
let failAt: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sandpiper-archive-'))
  database = await TestDatabase.create()
  db = await database.open()
  now = Date.now()
  failAt = ''
})
afterEach(async () => {
  await database.remove()
  await rm(directory, { recursive: true })
})

function textOf(lines: number): Buffer {
  const records = Array.from({ length: lines }, (_, pos) => {
    const section = pos % 500 === 0 ? { section: { command: pos / 500 } } : {}
    return encodeLogRecord({
      pos,
      out: `line ${pos} ${'x'.repeat(pos % 200)}\n`,
      time: pos,
      ...section,
    })
  })
  return Buffer.from(records.join(''))
}

async function bytesOf(store: LogStore, ref: LogRef, from: number, to: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of store.read(ref, from, to)) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

async function complete(ref: LogRef, data: Buffer): Promise<void> {
  const sha256 = createHash('sha256').update(data).digest('hex')
  const row = { ...ref, repo_id: 1, bytes: data.length, sha256, finished: now - HOUR }
  await insertStepLog(db, newStepLog(row))
}

/** The port as it is, but for a crash where the test wants one. */
function crashing<T extends object>(port: T): T {
  return new Proxy(port, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        if (failAt === name) throw new Error('crash')
        return (value as (...args: unknown[]) => unknown).apply(target, args)
      }
    },
  })
}

describe.each(['files', 'the database'])('logs that grow in %s', (place) => {
  let files: FileLogStore
  let live: LogStore
  let blobs: DiskBlobStore
  let logs: ArchivedLogs
  let archiver: LogArchiver
  beforeEach(() => {
    files = new FileLogStore(join(directory, 'logs'))
    live = crashing<LogStore>(place === 'files' ? files : new SegmentLogStore(db))
    blobs = crashing(new DiskBlobStore(join(directory, 'blobs')))
    logs = new ArchivedLogs({ db, live, blobs })
    const packing = join(directory, 'packing')
    const options = { db, live, blobs, clock: { now: () => now }, afterMs: 1_000 }
    archiver = new LogArchiver({
      ...options,
      directory: packing,
      logger: pino({ level: 'silent' }),
    })
  })
  afterEach(() => files.close())

  async function grown(lines: number, ref = REF): Promise<Buffer> {
    const data = textOf(lines)
    let offset = 0
    while (offset < data.length) {
      offset = await logs.append(ref, offset, data.subarray(offset, offset + 30_000))
    }
    return data
  }

  it('take chunks twice, overlapping, and none behind a gap', async () => {
    expect(await logs.append(REF, 0, Buffer.from('abcdef'))).toBe(6)
    expect(await logs.append(REF, 2, Buffer.from('cd'))).toBe(6)
    expect(await logs.append(REF, 4, Buffer.from('efgh'))).toBe(8)
    expect(await logs.append(REF, 9, Buffer.from('x'))).toBe(8)
    expect((await bytesOf(logs, REF, 1, 7)).toString()).toBe('bcdefg')
    const sha256 = createHash('sha256').update('abcdefgh').digest('hex')
    expect(await logs.sha256(REF)).toBe(sha256)
    expect(await new ArchivedLogs({ db, live, blobs }).sha256(REF)).toBe(sha256)
  })

  it('are blobs once they are complete, and the same in every part', async () => {
    const data = await grown(8_000)
    await complete(REF, data)
    expect(await archiver.archiveSome()).toBe(1)
    expect(await live.size(REF)).toBe(0)
    expect([await logs.size(REF), (await findStepLog(db, REF))?.archived]).toEqual([data.length, 2])
    expect((await bytesOf(logs, REF, 0, data.length)).equals(data)).toBe(true)
    const place = fc.nat(data.length + 10)
    await fc.assert(
      fc.asyncProperty(place, place, async (from, to) => {
        const part = await bytesOf(logs, REF, from, to)
        expect(part.equals(data.subarray(from, Math.max(from, to)))).toBe(true)
      }),
      { numRuns: 30 },
    )
    expect(await archiver.archiveSome()).toBe(0)
  })

  it('keep their index with their blob, so that no part of it is read to find a line', async () => {
    const data = await grown(8_000)
    const before = await new LogIndexes(logs).whole(REF)
    await complete(REF, data)
    await archiver.archiveSome()
    failAt = 'read'
    const after = await new LogIndexes(logs).whole(REF)
    expect([after.end, after.sections]).toEqual([before.end, before.sections])
    expect(after.sections).toHaveLength(16)
    const { offset, line } = after.placeBefore(7_000)
    failAt = ''
    expect((await bytesOf(logs, REF, offset, offset + 20)).toString()).toContain(`"pos":${line}`)
  })

  it.each(['put', 'read', 'remove'])('that a crash at %s left are moved later', async (step) => {
    const data = await grown(2_000)
    await complete(REF, data)
    failAt = step
    expect(await archiver.archiveSome()).toBe(0)
    failAt = ''
    expect((await bytesOf(logs, REF, 0, data.length)).equals(data)).toBe(true)
    expect(await archiver.archiveSome()).toBe(0)
    now += HOUR
    expect(await archiver.archiveSome()).toBe(1)
    expect(await live.size(REF)).toBe(0)
    expect((await bytesOf(logs, REF, 0, data.length)).equals(data)).toBe(true)
    expect(await readdir(join(directory, 'packing'))).toEqual([])
  })

  it('whose blob is not what was stored stay where they are, too', async () => {
    const data = await grown(2_000)
    await complete(REF, data)
    const put = blobs.put.bind(blobs)
    blobs.put = async (key, path) => {
      const bytes = await readFile(path)
      bytes.writeUInt8(bytes.readUInt8(5_000) ^ 1, 5_000)
      await writeFile(path, bytes)
      await put(key, path)
    }
    expect(await archiver.archiveSome()).toBe(0)
    expect((await bytesOf(live, REF, 0, data.length)).equals(data)).toBe(true)
    expect((await findStepLog(db, REF))?.archived).toBe(0)
  })

  it('that are not what the runner sent stay where they are', async () => {
    const data = await grown(100)
    await complete(REF, Buffer.concat([data, Buffer.from('more')]))
    expect(await archiver.archiveSome()).toBe(1)
    now += HOUR
    expect(await archiver.archiveSome()).toBe(0)
    expect((await bytesOf(logs, REF, 0, data.length)).equals(data)).toBe(true)
  })

  it('that are archived take what comes again, and no more', async () => {
    const data = await grown(2_000)
    await complete(REF, data)
    await archiver.archiveSome()
    expect(await logs.append(REF, 0, data.subarray(0, 1_000))).toBe(data.length)
    expect(await logs.append(REF, 1_000, data.subarray(1_000, 2_000))).toBe(data.length)
    expect(await live.size(REF)).toBe(0)
  })

  it('are archived by one of several servers, while others look on', async () => {
    const refs = Array.from({ length: 8 }, (_, step) => ({ ...REF, step: step + 1 }))
    for (const ref of refs) await complete(ref, await grown(200, ref))
    const counts = await Promise.all([archiver.archiveSome(), archiver.archiveSome()])
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(8)
    for (const ref of refs) expect((await bytesOf(logs, ref, 0, 50)).length).toBe(50)
  })

  it('are gone when they are removed, wherever they were', async () => {
    for (const isArchived of [false, true]) {
      const ref = { ...REF, step: isArchived ? 2 : 1 }
      await complete(ref, await grown(200, ref))
      if (isArchived) await archiver.archiveSome()
      await removeLog(db, logs, { ...ref, repoId: 1 }, now)
      expect([await logs.size(ref), await live.size(ref)]).toEqual([0, 0])
      expect((await bytesOf(logs, ref, 0, 99)).length).toBe(0)
    }
    expect((await blobs.list('logs/', null)).blobs).toEqual([])
    await complete({ ...REF, step: 3 }, await grown(200, { ...REF, step: 3 }))
    await archiver.archiveSome()
    await logs.removeStage(1)
    expect((await blobs.list('logs/', null)).blobs).toEqual([])
  })

  it('leave no blob behind that nothing names, and no other is swept', async () => {
    const data = await grown(200)
    await complete(REF, data)
    await archiver.archiveSome()
    const { blob_key: key } = (await findStepLog(db, REF))!
    expect(key).toBe(blobKeyOf(REF, createHash('sha256').update(data).digest('hex')))
    expect(await sweepBlobs(db, blobs, now + 2 * HOUR, null)).toEqual({ removed: 0, next: null })
    failAt = 'remove'
    await expect(removeLog(db, logs, { ...REF, repoId: 1 }, now)).rejects.toThrow('crash')
    failAt = ''
    expect(await logs.size(REF)).toBe(0)
    expect(await sweepBlobs(db, blobs, now, null)).toEqual({ removed: 0, next: null })
    expect(await sweepBlobs(db, blobs, now + 2 * HOUR, null)).toEqual({ removed: 1, next: null })
    expect(await blobs.size(key)).toBeNull()
  })

  it('are not archived after they were removed while that went on', async () => {
    await complete(REF, await grown(200))
    const put = blobs.put.bind(blobs)
    blobs.put = async (key, path) => {
      await put(key, path)
      await updateStepLog(db, REF, { removed: now })
    }
    await archiver.archiveSome()
    expect((await blobs.list('logs/', null)).blobs).toEqual([])
    expect(await live.size(REF)).toBe(0)
  })
})
