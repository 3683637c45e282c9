import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { keepLastLines, readLines } from './output.js'

function linesOf(chunks: readonly Buffer[]): string[] {
  const lines: string[] = []
  const reader = readLines((line) => lines.push(line))
  for (const chunk of chunks) reader.push(chunk)
  reader.end()
  return lines
}

describe('readLines', () => {
  it('keeps the last state of a progress line', () => {
    const text =
      'From x\nCounting:  10% (1/10)\rCounting: 100% (10/10)\rCounting: 100%, done.\nlast'
    const expected = ['From x', 'Counting: 100%, done.', 'last']
    expect(linesOf([Buffer.from(text)])).toEqual(expected)
  })

  it('gives the same lines however the text is cut into chunks', () => {
    const text = 'a\r\nbä\rc\rd\ne\r\r\nf\r'
    const whole = linesOf([Buffer.from(text)])
    expect(whole).toEqual(['a', 'd', '', 'f'])
    fc.assert(
      fc.property(fc.array(fc.nat(Buffer.from(text).length), { maxLength: 6 }), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), Buffer.from(text).length]
        const chunks = at.slice(1).map((end, index) => Buffer.from(text).subarray(at[index], end))
        expect(linesOf(chunks)).toEqual(whole)
      }),
    )
  })

  it('does not gather an endless line', () => {
    const lines = linesOf([Buffer.alloc(100_000, 'x'), Buffer.alloc(100_000, 'x')])
    expect(lines.length).toBeGreaterThan(1)
    expect(lines.join('')).toHaveLength(200_000)
  })
})

describe('keepLastLines', () => {
  it('keeps what matters, bounded', () => {
    const kept = keepLastLines()
    for (let number = 0; number < 10_000; number += 1) kept.add(`error ${String(number)}`)
    kept.add('Receiving objects:  10% (1/10)')
    kept.add('fatal: the end')
    expect(kept.text()).toMatch(/error 9999; fatal: the end$/)
    expect(kept.text().length).toBeLessThanOrEqual(4096)
  })
})
