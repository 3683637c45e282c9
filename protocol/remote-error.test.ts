import { expect, test } from '@jest/globals'
import { oneLine, RemoteError, retryAfterMs } from './remote-error.js'

const NOW = Date.parse('2026-01-01T00:00:00Z')

test.each<[string | null, number | null]>([
  [null, null],
  ['7', 7000],
  ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
  ['Thu, 01 Jan 2025 00:00:00 GMT', 0],
  ['soon', null],
  ['-1', null],
])('Retry-After %j asks for %j ms', (header, ms) => {
  expect(retryAfterMs(header, NOW)).toBe(ms)
})

test('Words of others are one bounded line without what a terminal obeys', () => {
  expect(oneLine(' a\r\n\u001b[31mb\u202e\t c ', 20)).toBe('a [31mb c')
  expect(oneLine('abcdef', 3)).toBe('abc...')
})

test('A remote error is none that another try mends, unless it says so', () => {
  class Failed extends RemoteError {}
  const plain = new Failed('SP_X_Y', 'no')
  expect(plain).toMatchObject({ name: 'Failed', again: false, afterMs: null, status: null })
  expect(new Failed('SP_X_Y', 'no', { again: true, status: 503 })).toMatchObject({
    ...{ again: true, status: 503 },
  })
})
