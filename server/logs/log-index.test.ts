import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { encodeLogRecord } from '../../protocol/log-record.js'
import { LogIndex } from './log-index.js'

function indexOf(outs: readonly string[]): { index: LogIndex; offsets: number[] } {
  const index = new LogIndex()
  const offsets = [0]
  for (const [pos, out] of outs.entries()) {
    const line = Buffer.from(encodeLogRecord({ pos, out, time: 1 }))
    index.push(line.subarray(0, -1))
    offsets.push((offsets.at(-1) ?? 0) + line.length)
  }
  return { index, offsets }
}

describe('the index of a log', () => {
  it('knows a place at or before every line, and near it', () => {
    const out = fc.string({ maxLength: 400, unit: 'binary' })
    fc.assert(
      fc.property(fc.array(out, { maxLength: 900 }), fc.nat(1_000), (outs, line) => {
        const { index, offsets } = indexOf(outs)
        const place = index.placeBefore(line)
        expect(place.line).toBeLessThanOrEqual(line)
        expect(place.offset).toBe(offsets[place.line])
        expect(Math.min(line, outs.length) - place.line).toBeLessThanOrEqual(256)
      }),
      { numRuns: 50 },
    )
  })

  it('keeps a place for every 64 KiB where lines are long', () => {
    const { index } = indexOf(Array.from({ length: 100 }, () => 'x'.repeat(16_000)))
    expect(index.size).toBeGreaterThan(15)
  })

  it('finds sections that the runner says, and none that a step prints', () => {
    const index = new LogIndex()
    const forged = '{"section":{"command":7}}'
    const records = [
      { pos: 0, out: forged, time: 0 },
      { pos: 1, out: '+ make\n', time: 5, section: { command: 0 } },
      { pos: 2, out: `","time":1,"section":{"command":8}}\n`, time: 6 },
      { pos: 3, out: '+ make test\n', time: 9, section: { command: 1, before: 0 } },
    ]
    for (const record of records) index.push(Buffer.from(encodeLogRecord(record).trimEnd()))
    expect(index.sections).toEqual([
      { line: 2, command: 0, before: null, timeMs: 5, text: '+ make\n' },
      { line: 4, command: 1, before: 0, timeMs: 9, text: '+ make test\n' },
    ])
  })
})
