import { execFileSync } from 'node:child_process'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { createSubstitutionBudget, isSpent } from './budget.js'
import { evaluateReference, type Scope } from './evaluate-reference.js'
import { parseTemplate } from './parse-template.js'

function scopeOf(variables: Readonly<Record<string, string>>): Scope {
  return { variables, fromFile: new Set(), known: new Map(), budget: createSubstitutionBudget() }
}

function substitute(text: string, scope: Scope): string {
  return parseTemplate(text)
    .parts.map((part) => (typeof part === 'string' ? part : evaluateReference(part, scope).text))
    .join('')
}

const VALUES = {
  V: 'v1.2.3',
  PATH_: 'refs/heads/feature/x',
  AB: 'abcabc',
  LOW: 'hello world',
  UTF: 'äöü',
  EMPTY: '',
  SLASH: 'a/b/c',
  SHA: '7fd1a60b01f91b314f59955a4e4d4e80d8edf11d',
}

describe('an operator', () => {
  it.each([
    ['${V}', 'v1.2.3'],
    ['${NONE}', ''],
    ['a${V}b${V}c', 'av1.2.3bv1.2.3c'],
    ['$V $(x) $', '$V $(x) $'],
    ['$${V}', '${V}'],
    ['$$V', '$V'],
    ['$$$${V}', '$${V}'],
    ['$$$$', '$$'],
    ['$$${V}', '$v1.2.3'],
    ['${#V}', '6'],
    ['${#UTF}', '6'],
    ['${#NONE}', '0'],
    ['${LOW^}', 'Hello world'],
    ['${LOW^^}', 'HELLO WORLD'],
    ['${PATH_,}', 'refs/heads/feature/x'],
    ['${UTF^^}', 'ÄÖÜ'],
    ['${V#v}', '1.2.3'],
    ['${V##v}', '1.2.3'],
    ['${V#x}', 'v1.2.3'],
    ['${PATH_#*/}', 'heads/feature/x'],
    ['${PATH_##*/}', 'x'],
    ['${PATH_%/*}', 'refs/heads/feature'],
    ['${PATH_%%/*}', 'refs'],
    ['${V##v[0-9]}', '.2.3'],
    ['${V##[^a]?}', '.2.3'],
    ['${V##[x}', 'v1.2.3'],
    ['${V##\\v}', '1.2.3'],
    ['${SHA:0:8}', '7fd1a60b'],
    ['${SHA:36}', 'f11d'],
    ['${SHA:-4}', VALUES.SHA],
    ['${SHA:32:4}', 'd8ed'],
    ['${V:99}', ''],
    ['${V::3}', 'v1.2.3'],
    ['${V:(-3)}', 'v1.2.3'],
    ['${V: -3}', 'v1.2.3'],
    ['${V:0:x}', 'v1.2.3'],
    ['${V:0:8}', ''],
    ['${V:0:6}', ''],
    ['${V:0:5}', 'v1.2.'],
    ['${UTF:1:3}', 'ö'],
    ['${AB/b/x}', 'axcabc'],
    ['${AB//b/x}', 'axcaxc'],
    ['${AB//b/}', 'acac'],
    ['${AB//b}', 'acac'],
    ['${SLASH//\\//-}', 'a-b-c'],
    ['${SLASH//\\//$${x}', 'a${xb${xc'],
    ['${AB/#a/x}', 'xbcabc'],
    ['${AB/#b/x}', 'abcabc'],
    ['${AB/%c/x}', 'abcabx'],
    ['${AB/%b/x}', 'abcabc'],
    ['${AB//${V}/x}', 'abcabc'],
    ['${NONE:-default text}', 'default text'],
    ['${EMPTY:-d}', 'd'],
    ['${NONE-d}', 'd'],
    ['${NONE=d}', 'd'],
    ['${NONE:=d}', 'd'],
    ['${NONE:?d}', 'd'],
    ['${NONE:+d}', 'd'],
    ['${V:+d}', 'v1.2.3'],
    ['${V:-d}', 'v1.2.3'],
    ['${NONE:-}', ''],
    ['${NONE:-${V}}', 'v1.2.3'],
    ['${NONE:-a${V}b${NONE:-c}d}', 'av1.2.3bcd'],
    ['${NONE:---next-tag x}', '--next-tag x'],
    ['${V##${NONE:-v}}', '1.2.3'],
  ])('makes of %s: %s', (text, expected) => {
    expect(substitute(text, scopeOf(VALUES))).toBe(expected)
  })

  it.each([
    ['${', 'names no variable'],
    ['a ${}', 'names no variable'],
    ['${!x}', 'names no variable'],
    ['${@}', 'names no variable'],
    ['${V', 'has no `}`'],
    ['${V:-x', 'has no `}`'],
    ['${arr[@]}', 'has `[` where an operator or `}` must be'],
  ])('leaves %s as it is: it %s', (text, reason) => {
    expect(parseTemplate(text).malformed.map((one) => one.reason)).toEqual([reason])
    expect(substitute(text, scopeOf(VALUES))).toBe(text)
  })

  it('tells of text and references where one of them is allowed', () => {
    const { malformed } = parseTemplate('${V/a${V}/x}')
    expect(malformed).toEqual([
      { at: 0, reason: 'mixes text and `${}` where only one of them can be' },
    ])
  })

  it('tells once of what is wrong in one place, and goes on', () => {
    const { malformed, parts } = parseTemplate('${a[${b[0]}]} ${V}')
    expect(malformed.map(({ at }) => at)).toEqual([0, 4])
    expect(parts.at(-1)).toMatchObject({ name: 'V', at: 14, source: '${V}' })
  })
})

describe('bash', () => {
  const character = fc.constantFrom('a', 'b', 'B', '/', '.', '-', '1')
  const text = (minLength: number, maxLength: number) =>
    fc.array(character, { minLength, maxLength }).map((all) => all.join(''))
  const pattern = fc
    .array(fc.constantFrom('a', 'b', 'B', '.', '1', '*', '?', '[ab]', '[^a]'), {
      minLength: 1,
      maxLength: 5,
    })
    .map((all) => all.join(''))

  it('agrees about what both understand', () => {
    const cases = fc.sample(fc.tuple(text(0, 10), fc.constantFrom('#', '##', '%', '%%'), pattern), {
      numRuns: 400,
      seed: 7,
    })
    const others = fc.sample(fc.tuple(text(1, 10), fc.nat(9), text(1, 2)), { numRuns: 60, seed: 8 })
    const all: (readonly [value: string, expression: string])[] = [
      // A match of nothing at all is the difference: Drone takes a character at least.
      ...cases
        .filter(([, , one]) => !/^\*+$/.test(one))
        .map(([value, operator, one]) => [value, `\${V${operator}${one}}`] as const),
      ...others.flatMap(([value, at, old]) => {
        const plain = old.replaceAll('/', 'a')
        return [
          `\${V:${at}}`,
          ...(at < value.length - 2 ? [`\${V:${at}:1}`] : []),
          `\${V/${plain}/x}`,
          `\${V//${plain}/xy}`,
          `\${V/#${plain}/x}`,
          `\${V/%${plain}/x}`,
          '${#V}',
          '${V^^}',
          '${V,,}',
          '${V^}',
          '${V:-d}',
          '${NONE:-d}',
        ].map((expression) => [value, expression] as const)
      }),
    ]
    const script = all.map(([value, one]) => `V='${value}'; printf '%s\\n' "${one}"`).join('\n')
    const output = execFileSync('bash', ['-c', script], { env: { ...process.env, LC_ALL: 'C' } })
    const expected = output.toString().split('\n').slice(0, -1)
    const ours = all.map(([value, one]) => substitute(one, scopeOf({ V: value })))
    expect(all.map((one, index) => [...one, ours[index]])).toEqual(
      all.map((one, index) => [...one, expected[index]]),
    )
  })
})

describe('substitution', () => {
  const piece = fc.constantFrom(
    ...['$', '{', '}', '${', '${V', '${NONE:-', '#', '##', '%', '/', '//', ':', ':0:', '*', '['],
    ...['\\', 'é', '😀', 'V', '1', '-', '^^', ',,', ' ', '\n', '$$', '[a-z]', '!', '@'],
  )

  it('never throws, keeps to its budget, and leaves text without a dollar alone', () => {
    const texts = fc.oneof(
      fc.array(piece, { maxLength: 60 }).map((all) => all.join('')),
      fc.string(),
    )
    fc.assert(
      fc.property(texts, fc.string({ maxLength: 50 }), (text, value) => {
        const scope = scopeOf({ V: value })
        const result = substitute(text, scope)
        expect(isSpent(scope.budget)).toBe(false)
        if (!text.includes('$')) expect(result).toBe(text)
      }),
      { numRuns: 3000 },
    )
  })

  it('is linear in what it reads', () => {
    const size = 200_000
    const hostile = [
      '${a:-'.repeat(size / 5),
      '${a:-${b}'.repeat(size / 9),
      `\${a:-${'${b}'.repeat(size / 4)}`,
      '${a/'.repeat(size / 4),
      '${'.repeat(size / 2),
      '$'.repeat(size),
      `\${a##${'*a'.repeat(size / 2)}}`,
    ]
    const before = process.cpuUsage()
    for (const text of hostile) substitute(text, scopeOf({ a: 'a'.repeat(32_000) }))
    expect(process.cpuUsage(before).user).toBeLessThan(3_000_000)
  })

  it.each([
    ['a text in place of every letter', (at: number, long: string) => `\${A//a/${at}${long}}`, 20],
    ['patterns', (at: number) => `\${A##*b*c*d*${at}*f}`, 2000],
    ['long values', (at: number) => `\${A:${at}}`, 5000],
  ])('stops when %s make too much of it', (_what, make, times) => {
    const scope = scopeOf({ A: 'a'.repeat(32_000) })
    const long = 'b'.repeat(10_000)
    for (let at = 0; at < times; at++) substitute(make(at, long), scope)
    expect(isSpent(scope.budget)).toBe(true)
  })
})
