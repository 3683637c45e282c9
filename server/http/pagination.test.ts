import { describe, expect, it } from '@jest/globals'
import { Type } from 'typebox'
import { pagingOf } from './pagination.js'
import type { Page } from './pagination.js'

const paging = pagingOf('numbers', Type.Integer({ minimum: 1 }))
const NUMBERS = Array.from({ length: 10 }, (_, index) => 10 - index)

/** One page of the numbers from 10 down, and the address of the next. */
function pageAt(url: string): { shown: readonly number[]; next: string | undefined } {
  const query = Object.fromEntries(new URL(url, 'http://a').searchParams)
  const limit = query['limit'] === undefined ? {} : { limit: Number(query['limit']) }
  const page = paging.read({ ...limit, ...(query['cursor'] && { cursor: query['cursor'] }) })
  const headers: Record<string, unknown> = {}
  const reply = { header: (name: string, value: unknown) => (headers[name] = value) }
  const context = { publicUrl: () => 'https://ci.example.org' }
  const answer = { context, request: { url }, reply: reply as never }
  const shown = paging.show(rowsOf(page), page, (item) => item, answer)
  return { shown, next: /^<(.*)>; rel="next"$/.exec(String(headers['link']))?.[1] }
}

function rowsOf({ after, fetch }: Page<number>): readonly number[] {
  return NUMBERS.filter((number) => after === null || number < after).slice(0, fetch)
}

describe('a list with cursors', () => {
  it('is read whole by following its links', () => {
    const seen: number[] = []
    let url: string | undefined = '/api/numbers?colour=red&limit=3'
    while (url !== undefined) {
      const { shown, next } = pageAt(url)
      seen.push(...shown)
      if (next)
        expect(next).toMatch(/^https:\/\/ci\.example\.org\/api\/numbers\?colour=red&limit=3/)
      url = next?.replace('https://ci.example.org', '')
    }
    expect(seen).toEqual(NUMBERS)
  })

  it('has no link when its last page is full', () => {
    expect(pageAt('/api/numbers?limit=10').next).toBeUndefined()
    expect(pageAt('/api/numbers?limit=9').next).toBeDefined()
  })

  it.each([
    ['another list’s', ['words', 3]],
    ['of another type', ['numbers', '3']],
    ['out of range', ['numbers', 0]],
    ['longer', ['numbers', 3, 4]],
    ['no list', { 0: 'numbers', 1: 3 }],
  ])('refuses a cursor that is %s', (_what, value) => {
    const cursor = Buffer.from(JSON.stringify(value)).toString('base64url')
    expect(() => paging.read({ cursor })).toThrow(
      "The 'cursor' in the query is none of this list's.",
    )
  })

  it.each(['%', 'x', '__proto__', '='.repeat(9), 'bnVsbA'])('refuses the cursor %s', (cursor) => {
    expect(() => paging.read({ cursor })).toThrow("'cursor'")
  })
})
