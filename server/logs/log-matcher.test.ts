import { expect, test } from '@jest/globals'
import { RE2JS } from 're2js'
import { LOG_RECORD_OUT_MAX } from '../../protocol/log-record.js'
import { matcherOf } from './log-matcher.js'

const LINE = 'a'.repeat(LOG_RECORD_OUT_MAX)

/** Expressions that take a second and more in a line as long as lines can be. */
const COSTLY = ['.{900}b', '(x|a|aa|aaa){100}b', '(a?){200}b', '(a|b|c).{500}\\b\\B']

test.each(COSTLY)('nobody waits for %s in a long line', (q) => {
  const matcher = matcherOf({ q, regex: true, caseSensitive: false })
  const whole = RE2JS.compile(q, RE2JS.CASE_INSENSITIVE)
  const unbounded = cpuOf(() => whole.matcher(LINE).find())
  expect(cpuOf(() => matcher(LINE))).toBeLessThan(unbounded / 3)
})

test('an expression that is found at every character after a look at all of the line is not told often', () => {
  const matcher = matcherOf({ q: 'a(.*b)?', regex: true, caseSensitive: false })
  expect(matcher(LINE).length).toBeLessThan(10)
  expect(matcher('a'.repeat(60))).toHaveLength(50)
})

test('a usual expression is found in all of the longest line', () => {
  const words = matcherOf({ q: '\\w+', regex: true, caseSensitive: false })
  expect(words('one two')).toEqual([
    { start: 0, end: 3 },
    { start: 4, end: 7 },
  ])
  expect(words('')).toEqual([])
  const late = matcherOf({ q: 'err(or)?$', regex: true, caseSensitive: false })
  expect(late(`${LINE}error`)).toEqual([{ start: LINE.length, end: LINE.length + 5 }])
})

/** Microseconds of the processor that the work takes. */
function cpuOf(work: () => unknown): number {
  const started = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(started)
  return user + system
}
