import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { DecodedEntry } from './decode-message.js'
import { inOrder, sessionsWithGap } from './order.js'

const entry = (session: string, seq: number): DecodedEntry => ({ session, seq, message: null })

describe('the order of messages', () => {
  it('lets those through that come next, session by session', () => {
    const entries = [entry('a', 3), entry('b', 1), entry('a', 4), entry('b', 2)]
    const { next, lastSeqs } = inOrder(entries, new Map([['a', 2]]))
    expect(next).toEqual(entries)
    expect(Object.fromEntries(lastSeqs)).toEqual({ a: 4, b: 2 })
  })

  it('leaves out what was applied and what comes behind a gap', () => {
    const entries = [entry('a', 2), entry('a', 4), entry('a', 3), entry('a', 3)]
    const { next, lastSeqs } = inOrder(entries, new Map([['a', 2]]))
    expect(next).toEqual([entry('a', 3)])
    expect(lastSeqs.get('a')).toBe(3)
    expect(sessionsWithGap(entries, lastSeqs)).toEqual(['a'])
    expect(sessionsWithGap([entry('a', 3)], lastSeqs)).toEqual([])
  })

  it('applies each message once, in order, however they are mixed up and repeated', () => {
    const batches = fc.array(fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 12 }))
    fc.assert(
      fc.property(batches, (seqs) => {
        const known = new Map<string, number>()
        const applied: number[] = []
        for (const batch of [
          ...seqs,
          ...Array.from({ length: 8 }, () => [1, 2, 3, 4, 5, 6, 7, 8]),
        ]) {
          const entries = batch.map((seq) => entry('a', seq))
          const { next, lastSeqs } = inOrder(entries, known)
          applied.push(...next.map(({ seq }) => seq))
          for (const [session, seq] of lastSeqs) known.set(session, seq)
        }
        expect(applied).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
      }),
    )
  })
})
