import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { LOG_RECORD_OUT_MAX, type LogRecord } from '../../protocol/log-record.js'
import { LineSplitter } from './line-splitter.js'

function split(chunks: readonly Uint8Array[]): LogRecord[] {
  const splitter = new LineSplitter()
  const records = chunks.flatMap((chunk, index) => splitter.push(chunk, index, 'stdout'))
  return [...records, ...splitter.end(chunks.length)]
}

const outs = (records: readonly LogRecord[]): string[] => records.map((record) => record.out)

/** Cuts bytes into pieces of the given lengths, over and over. */
function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const pieces: Buffer[] = []
  for (let offset = 0, index = 0; offset < bytes.length; index++) {
    const length = lengths[index % lengths.length] ?? 1
    pieces.push(bytes.subarray(offset, offset + length))
    offset += length
  }
  return pieces
}

describe('LineSplitter', () => {
  it('gives one record a line, with its newline', () => {
    expect(outs(split([Buffer.from('one\ntw'), Buffer.from('o\r\n\n')]))).toEqual([
      'one\n',
      'two\r\n',
      '\n',
    ])
  })

  it('keeps an unfinished last line', () => {
    expect(outs(split([Buffer.from('done\nprompt> ')]))).toEqual(['done\n', 'prompt> '])
  })

  it('counts records from 0 without gaps and gives each the time of its end', () => {
    const records = split([Buffer.from('a\nb'), Buffer.from('\nc')])
    expect(records).toEqual([
      { pos: 0, out: 'a\n', time: 0 },
      { pos: 1, out: 'b\n', time: 1 },
      { pos: 2, out: 'c', time: 2 },
    ])
  })

  it('puts UTF-8 together that was cut between two chunks', () => {
    const bytes = Buffer.from('é€😀\n')
    for (let at = 0; at <= bytes.length; at++) {
      expect(outs(split([bytes.subarray(0, at), bytes.subarray(at)]))).toEqual(['é€😀\n'])
    }
  })

  it('puts U+FFFD for bytes that are not UTF-8, also for half a sequence at the end', () => {
    expect(outs(split([Buffer.from([0x61, 0xff, 0x0a, 0xe2, 0x82])]))).toEqual([
      'a\ufffd\n',
      '\ufffd',
    ])
  })

  it('keeps a byte order mark', () => {
    expect(outs(split([Buffer.from('\ufeffx\n')]))).toEqual(['\ufeffx\n'])
  })

  it('splits a long line, and never inside a surrogate pair', () => {
    const line = `a${'😀'.repeat(LOG_RECORD_OUT_MAX)}\n`
    const records = split([Buffer.from(line)])
    expect(outs(records).join('')).toBe(line)
    for (const { out } of records) {
      expect(out.length).toBeLessThanOrEqual(LOG_RECORD_OUT_MAX)
      expect(Buffer.from(out).toString()).toBe(out)
    }
    expect(outs(records)[0]).toHaveLength(LOG_RECORD_OUT_MAX - 1)
  })

  it('gives a quiet unfinished line as a record, and the rest of the line as another', () => {
    const splitter = new LineSplitter()
    expect(splitter.push(Buffer.from('50%'), 1, 'stdout')).toEqual([])
    expect(splitter.hasPartial).toBe(true)
    expect(splitter.flush(2)).toEqual([{ pos: 0, out: '50%', time: 2 }])
    expect(splitter.hasPartial).toBe(false)
    expect(splitter.flush(3)).toEqual([])
    expect(splitter.push(Buffer.from(' 100%\n'), 4, 'stdout')).toEqual([
      { pos: 1, out: ' 100%\n', time: 4 },
    ])
  })

  it('gives the same text back, however it is cut', () => {
    const text = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constant('\n')), {
      maxLength: 200,
    })
    const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 })
    fc.assert(
      fc.property(text, lengths, (parts, sizes) => {
        const bytes = Buffer.from(parts.join(''))
        const records = split(cut(bytes, sizes))
        expect(outs(records).join('')).toBe(bytes.toString())
        expect(records.map((record) => record.pos)).toEqual(records.map((_, index) => index))
        for (const { out } of records.slice(0, -1)) expect(out.indexOf('\n')).toBe(out.length - 1)
      }),
    )
  })

  it('never throws and decodes as one piece would, whatever the bytes', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 })
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), lengths, (bytes, sizes) => {
        const buffer = Buffer.from(bytes)
        expect(outs(split(cut(buffer, sizes))).join('')).toBe(
          new TextDecoder('utf-8', { ignoreBOM: true }).decode(buffer),
        )
      }),
    )
  })
})
