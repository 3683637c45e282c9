import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { LOG_LINE_BYTES_MAX, LineSplitter } from './line-splitter.js'

/** Feeds the text in pieces cut at these places; every piece is wiped once it was taken. */
function split(text: string, cuts: readonly number[]): string[] {
  const bytes = Buffer.from(text)
  const splitter = new LineSplitter()
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length]
  places.sort((a, b) => a - b)
  const lines: string[] = []
  for (let i = 0; i + 1 < places.length; i += 1) {
    const piece = Buffer.from(bytes.subarray(places[i], places[i + 1]))
    lines.push(...splitter.push(piece).map(String))
    piece.fill(0)
  }
  return [...lines, splitter.finish().toString()]
}

describe('LineSplitter', () => {
  it('gives the same lines however the bytes are cut', () => {
    const text = fc.array(fc.constantFrom('\n', 'a', 'ü', '\r', '💡')).map((all) => all.join(''))
    fc.assert(
      fc.property(text, fc.array(fc.nat()), (whole, cuts) => {
        expect(split(whole, cuts)).toEqual(whole.split('\n'))
      }),
    )
  })

  it('does not take in a line without an end', () => {
    const splitter = new LineSplitter()
    splitter.push(Buffer.alloc(LOG_LINE_BYTES_MAX))
    expect(() => splitter.push(Buffer.alloc(1))).toThrow(RangeError)
  })
})
