import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { decodeLogRecord } from '../../protocol/log-record.js'
import { until } from '../testing/until.js'
import { StepSpool } from './step-spool.js'

let directory: string
let file: string
let nowMs: number

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'sandpiper-spool-'))
  file = path.join(directory, '1.ndjson')
  nowMs = 1000
})

afterEach(() => rm(directory, { recursive: true }))

function makeSpool(onGrow: () => void = () => undefined): StepSpool {
  return new StepSpool({ file, now: () => nowMs, onGrow })
}

async function readAll(spool: StepSpool, bytesMax: number): Promise<Buffer[]> {
  const chunks: Buffer[] = []
  for (let offset = 0; offset < spool.length;) {
    const chunk = await spool.read(offset, bytesMax)
    expect(chunk.length).toBeGreaterThan(0)
    chunks.push(chunk)
    offset += chunk.length
  }
  return chunks
}

describe('StepSpool', () => {
  it('sums up what is in the file', async () => {
    const spool = makeSpool()
    await spool.write(Buffer.from('one\n'))
    nowMs += 5
    await spool.write(Buffer.from('two'))
    const summary = await spool.end()
    const content = await readFile(file)
    expect(content.toString()).toBe(
      '{"pos":0,"out":"one\\n","time":0}\n{"pos":1,"out":"two","time":5}\n',
    )
    const sha256 = createHash('sha256').update(content).digest('hex')
    expect(summary).toEqual({ bytes: content.length, lines: 2, sha256 })
    await spool.close()
  })

  it('says with its first record that a command begins, also in the middle of a line', async () => {
    const spool = makeSpool()
    await spool.write(Buffer.from('half'))
    spool.begin({ command: 1, before: 7 })
    await spool.write(Buffer.from('+ make\nmade\n'))
    await spool.end()
    const records = (await readFile(file, 'utf8')).trimEnd().split('\n').map(decodeLogRecord)
    expect(records).toEqual([
      { pos: 0, out: 'half', time: 0 },
      { pos: 1, out: '+ make\n', time: 0, section: { command: 1, before: 7 } },
      { pos: 2, out: 'made\n', time: 0 },
    ])
    await spool.close()
  })

  it('is empty when nothing was written', async () => {
    const spool = makeSpool()
    expect(await spool.end()).toMatchObject({ bytes: 0, lines: 0 })
    expect(await spool.read(0, 100)).toHaveLength(0)
    await spool.close()
  })

  it('shows an unfinished line when the step goes quiet', async () => {
    let grown = 0
    const spool = makeSpool(() => grown++)
    await spool.write(Buffer.from('password: '))
    expect(spool.length).toBe(0)
    await until('the prompt is in the file', () => grown > 0)
    expect(decodeLogRecord((await spool.read(0, 1000)).toString()).out).toBe('password: ')
    await spool.end()
    await spool.close()
  })

  it('reads whole records in chunks, also records that are longer than a chunk', async () => {
    const spool = makeSpool()
    await spool.write(Buffer.from(`${'a\n'.repeat(100)}${'\u0000'.repeat(16_000)}\nend\n`))
    await spool.end()
    const chunks = await readAll(spool, 1000)
    expect(Buffer.concat(chunks)).toEqual(await readFile(file))
    for (const chunk of chunks) expect(chunk[chunk.length - 1]).toBe(0x0a)
    await spool.close()
  })

  it('asks the writer to wait while the disk is behind', async () => {
    const spool = makeSpool()
    const line = Buffer.from(`${'x'.repeat(1023)}\n`)
    const block = Buffer.concat(Array.from({ length: 600 }, () => line))
    expect(spool.write(block)).toBeUndefined()
    const full = spool.write(block)
    expect(full).toBeInstanceOf(Promise)
    await full
    expect(spool.length).toBeGreaterThan(0)
    expect((await spool.end()).lines).toBe(1200)
    await spool.close()
  })

  it('tells the writer that the file can not be written, and sums up what is there', async () => {
    await writeFile(file, 'taken')
    const spool = makeSpool()
    await expect(
      (async () => {
        for (;;) await (spool.write(Buffer.alloc(2_000_000, 'x\n')) ?? Promise.resolve())
      })(),
    ).rejects.toThrow('EEXIST')
    expect(await spool.end()).toMatchObject({ bytes: 0, lines: 0 })
    await spool.close()
  })
})
