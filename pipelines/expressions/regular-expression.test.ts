import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { RE2JS } from 're2js'
import { matchesPattern, foreseenSize } from './regular-expression.js'
import { expressionEffort } from './values.js'

function matches(text: string, pattern: string): boolean {
  return matchesPattern(text, pattern, expressionEffort())
}

describe('a regular expression', () => {
  it.each<[string, string, boolean]>([
    ['v1.2.3', '^v\\d+\\.\\d+\\.\\d+$', true],
    ['xv1', 'v\\d', true],
    ['Fix: bug', '(?i)^fix', true],
    ['feature/x', '^(feature|fix)/[a-z]+$', true],
    ['a\nb', '^b$', false],
    ['', '', true],
  ])('says of %j and %s: %s', (text, pattern, expected) => {
    expect(matches(text, pattern)).toBe(expected)
  })

  it.each([
    ['a'.repeat(501), 'longer than 500'],
    ['(', 'malformed'],
    ['(?=a)', 'malformed'],
    ['(a)\\1', 'malformed'],
    ['\\Q[\\E', 'not supported'],
    ['(abcdefghij){900}', 'repeats too much'],
    ['a{1000}'.repeat(60), 'repeats too much'],
    ['((a{30}){30}){2}', 'malformed'],
    ['(a{30}){30}(a{30}){30}(a{30}){30}', 'repeats too much'],
    ['[(]{900}[)]{900}[x\\]]{900}', 'repeats too much'],
  ])('%s is refused: %s', (pattern, problem) => {
    expect(() => matches('x', pattern)).toThrow(problem)
  })

  it('never compiles to much more than is foreseen', () => {
    const part = fc.constantFrom(
      ...[
        'a',
        '.',
        '[ab]',
        '[^a]',
        '[[:alpha:](]',
        '[]a]',
        '\\d',
        '\\]',
        '\\(',
        '(',
        ')',
        '|',
        '*',
      ],
      ...['?', '+', '{3}', '{0}', '{2,}', '{0,4}', '{1,2}', '{', '}', '[', ']', '(?:', '(?i)', '^'],
    )
    const pattern = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(pattern, (source) => {
        let size: number
        try {
          size = RE2JS.compile(source).programSize()
        } catch {
          return // refused by the engine
        }
        expect(size).toBeLessThanOrEqual(2 * foreseenSize(source))
      }),
      { numRuns: 5000 },
    )
  })

  it('does not backtrack', () => {
    expect(matches('x'.repeat(30_000), '(x+x+)+y')).toBe(false)
  })

  it('is compiled once in a compilation, and paid for', () => {
    const effort = expressionEffort()
    const cost = (): number => {
      const before = effort.left
      matchesPattern('x', '(abc){50}', effort)
      return before - effort.left
    }
    expect(cost()).toBeGreaterThan(100_000)
    expect(cost()).toBeLessThan(1000)
    expect(() => {
      for (let n = 0; n < 1000; n++) matchesPattern('x', `(abc){50}${n}`, effort)
    }).toThrow('take too long')
  })
})
