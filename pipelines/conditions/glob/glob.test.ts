import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import picomatch from 'picomatch'
import { parseGlob } from './glob.js'

function matches(pattern: string, text: string): boolean {
  const glob = parseGlob(pattern)
  if ('problem' in glob) throw new Error(glob.problem)
  return glob.matches(text)
}

describe('glob', () => {
  // What doublestar v1.1.1, which Drone uses, answers.
  it.each([
    ['main', 'main', true],
    ['main', 'Main', false],
    ['main', 'maint', false],
    ['*', 'main', true],
    ['*', '', true],
    ['*', 'feature/x', false],
    ['**', 'feature/x', true],
    ['**', '', true],
    ['feature/*', 'feature/x', true],
    ['feature/*', 'feature/x/y', false],
    ['feature/**', 'feature/x/y', true],
    ['feature/**', 'feature', false],
    ['feature**', 'feature/x', false],
    ['feature**', 'features', true],
    ['**/x', 'x', true],
    ['**/x', 'a/b/x', true],
    ['**/x', 'a/bx', false],
    ['a/**/b', 'a/b', true],
    ['a/**/b', 'a/1/2/b', true],
    ['a/**/b', 'a/1/2/c', false],
    ['refs/tags/v?.*', 'refs/tags/v1.20', true],
    ['a?b', 'a/b', false],
    ['a?b', 'a😀b', true],
    ['a???b', 'a😀b', false],
    ['ab[b-d]', 'abc', true],
    ['ab[^b-d]', 'abc', false],
    ['ab[!b-d]', 'abe', true],
    ['a[^x]b', 'a/b', false],
    ['[\\]a]', ']', true],
    ['[x\\-]', '-', true],
    ['ab{c,d,*}', 'abcde', true],
    ['ab{c,d}', 'abe', false],
    ['{release/*,main}', 'release/1', true],
    ['{a,{b,c}d}', 'cd', true],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'ab', false],
    ['.*', '.github', true],
    ['*', '.github', true],
    ['!main', 'dev', false],
    ['!main', '!main', true],
    ['+(a)', 'aa', false],
  ])('says whether %s matches %s as Drone does: %s', (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected)
  })

  it.each(['[', '[^', '[a', '[]', '[-x]', '[x-]', '[a-b-c]', 'a\\', '{a', 'a{b,[c}'])(
    'says that %s is malformed',
    (pattern) => {
      expect(parseGlob(pattern)).toHaveProperty('problem')
    },
  )

  it('agrees with picomatch where both mean the same', () => {
    const segment = fc
      .array(fc.constantFrom('a', 'b', '-', '?', '*', '[ab]', '{a,b}', '{a*,-}'), {
        minLength: 1,
        maxLength: 4,
      })
      .map((parts) => parts.join(''))
    const pattern = fc
      .array(fc.oneof(segment, fc.constant('**')), { minLength: 1, maxLength: 4 })
      // `a/**` alone is different on purpose: there picomatch also matches `a`.
      .filter((segments) => segments.at(-1) !== '**')
      .map((segments) => segments.join('/'))
    const text = fc
      .array(fc.string({ unit: fc.constantFrom('a', 'b', '-'), minLength: 1, maxLength: 4 }), {
        minLength: 1,
        maxLength: 4,
      })
      .map((segments) => segments.join('/'))
    fc.assert(
      fc.property(pattern, text, (glob, name) => {
        // `**` in a segment with more: picomatch lets it match slashes when it comes first.
        fc.pre(!glob.split('/').some((part) => part !== '**' && part.includes('**')))
        const oracle = picomatch(glob, { dot: true, nonegate: true, noextglob: true })
        expect(matches(glob, name)).toBe(oracle(name))
      }),
      { numRuns: 2000 },
    )
  })

  it('compiles or refuses any text, and never throws', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', '/', '*', '?', '[', ']', '{', '}', ',', '\\', '-', '^', '!'),
      maxLength: 60,
    })
    fc.assert(
      fc.property(text, text, (pattern, name) => {
        const glob = parseGlob(pattern)
        if (!('problem' in glob)) glob.matches(name)
      }),
    )
  })

  it('matches itself when every character is escaped', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const escaped = Array.from(text, (character) => `\\${character}`).join('')
        expect(matches(escaped, text)).toBe(true)
      }),
    )
  })

  it('makes one part of a run of stars', () => {
    const cost = (pattern: string): number => {
      const glob = parseGlob(pattern)
      return 'problem' in glob ? NaN : glob.cost('text')
    }
    expect(cost(`${'**/'.repeat(100)}x`)).toBe(cost('**/x'))
    expect(cost(`${'*'.repeat(100)}x`)).toBe(cost('*x'))
    expect(matches('**/**/x', 'a/b/x')).toBe(true)
    expect(matches('**/**/x', 'x')).toBe(true)
  })

  it('does not backtrack', () => {
    // With regular expressions this takes longer than the universe has.
    const pattern = `${'*a'.repeat(250)}b`
    expect(matches(pattern, 'a'.repeat(4000))).toBe(false)
    expect(matches('{'.repeat(80) + 'a' + ',a*}'.repeat(80), 'a'.repeat(500))).toBe(true)
  })
})
