import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeLogRecord, encodeLogRecord } from '../../protocol/log-record.js'
import { FileLogStore } from '../logs/file-log-store.js'
import { archiveLog, archiveProblem } from './archive-log.js'

let root: string
let store: FileLogStore
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sandpiper-archive-'))
  store = new FileLogStore(root)
})
afterEach(async () => {
  await store.close()
  await rm(root, { recursive: true })
})

async function archived(step: number): Promise<string> {
  const ref = { stageId: 1, attempt: 1, step }
  const chunks: Buffer[] = []
  for await (const chunk of store.read(ref, 0, await store.size(ref))) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

describe('archiving a chunk', () => {
  it('keeps offsets true over a gap of any length, with records that can be read', async () => {
    const data = Buffer.from(encodeLogRecord({ pos: 12, out: 'next\n', time: 1 }))
    const gaps = [200, 5_000, 32_767, 32_768, 32_769, 100_000, 1_000_003]
    for (const [step, gap] of gaps.entries()) {
      const ref = { stageId: 1, attempt: 1, step }
      expect(await archiveLog(store, ref, gap, data)).toBe(gap)
      expect(await store.size(ref)).toBe(gap + data.length)
      const lines = (await archived(step)).split('\n').slice(0, -1)
      const records = lines.map(decodeLogRecord)
      expect(records[0]!.out).toBe(`[the server lost ${gap} bytes of this log here]\n`)
      expect(records.slice(1, -1).every(({ out }) => out === '')).toBe(true)
      expect(records.at(-1)).toEqual({ pos: 12, out: 'next\n', time: 1 })
      expect(await archiveLog(store, ref, gap, data)).toBe(0)
    }
  })

  it('fills a gap too short for words with a blank line', async () => {
    const ref = { stageId: 1, attempt: 1, step: 1 }
    expect(await archiveLog(store, ref, 5, Buffer.from('x\n'))).toBe(5)
    expect(await archived(1)).toBe('    \nx\n')
  })
})

describe('the check of an archived log', () => {
  it('names what differs, or nothing', () => {
    const whole = { bytes: 3, sha256: 'a' }
    expect(archiveProblem(whole, whole)).toBe('')
    expect(archiveProblem({ bytes: 2, sha256: 'a' }, whole)).toContain('2 bytes are archived')
    expect(archiveProblem({ bytes: 3, sha256: 'b' }, whole)).toContain('checksum')
  })
})
