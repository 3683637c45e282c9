import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { expandWord, expandWords, WordError } from './expand.js'

const variables = new Map([
  ['A', 'one'],
  ['EMPTY', ''],
  ['PATH', '/usr/bin:/bin:/usr/bin'],
  ['SPACED', 'x  y'],
])
const expand = (word: string, more = {}) => expandWord(word, { escape: '\\', variables, ...more })

describe('expandWord', () => {
  it.each([
    ['$A-${A}', 'one-one'],
    ['$AB${NONE}', ''],
    ['\\$A \\x \\\\', '$A x \\'],
    ['"$A \\" \\$A \\x"', 'one " $A \\x'],
    ["'$A \\n'", '$A \\n'],
    ['a"b"\'c\'', 'abc'],
    ['${NONE:-d}${EMPTY:-d}${EMPTY-d}${A:-d}', 'ddone'],
    ['${NONE:+d}${EMPTY:+d}${EMPTY+d}${A:+d}', 'dd'],
    ['${NONE:-${A}x}', 'onex'],
    ['${NONE:-"a}b"}', 'a}b'],
    ['${PATH#*/}', 'usr/bin:/bin:/usr/bin'],
    ['${PATH##*/}', 'bin'],
    ['${PATH%/*}', '/usr/bin:/bin:/usr'],
    ['${PATH%%/*}', ''],
    ['${PATH%%:*}', '/usr/bin'],
    ['${PATH/bin/x}', '/usr/x:/bin:/usr/bin'],
    ['${PATH//bin/x}', '/usr/x:/x:/usr/x'],
    ['${A/?n/x}', 'xe'],
    ['a$', 'a$'],
    ['$ ', '$ '],
    ['$1x', 'x'],
  ])('makes of %s what Docker makes of it', (word, expected) => {
    expect(expand(word)).toBe(expected)
  })

  it.each(['${A', '${}', '${A!b}', '"a', "'a", '${A:?no}x${NONE:?it is missing}', '${A/b}'])(
    'refuses %s',
    (word) => {
      expect(() => expand(word)).toThrow(WordError)
    },
  )

  it('leaves quotes and escapes in heredocs alone', () => {
    expect(expand(`"$A" '$A' \\$A \\n\n`, { raw: true })).toBe(`"one" 'one' $A \\n\n`)
  })

  it('splits at spaces that are not quoted, also at those in values', () => {
    const words = (word: string) => expandWords(word, { escape: '\\', variables })
    expect(words('$SPACED "$SPACED" a\\ b ""')).toEqual(['x', 'y', 'x  y', 'a b', ''])
  })

  it('ends what would take long', () => {
    const many = new Map([['A', 'x'.repeat(100_000)]])
    expect(() => expandWord('$A$A', { escape: '\\', variables: many })).toThrow('characters')
    const effort = { left: 1_000_000 }
    expect(() => expandWord('${A#*y}', { escape: '\\', variables: many, effort })).not.toThrow()
    const costly = () =>
      expandWord('${A//*a*a*a*a*b/c}'.repeat(9), { escape: '\\', variables: many, effort })
    expect(costly).toThrow('takes too long')
    expect(() => expand('${NONE:-'.repeat(60))).toThrow('nested too deep')
  })

  it('never fails but with an error of its own, and takes plain words as they are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii' }), (word) => {
        try {
          expand(word)
        } catch (error) {
          expect(error).toBeInstanceOf(WordError)
        }
      }),
    )
    fc.assert(fc.property(fc.stringMatching(/^[a-z0-9/.:_=-]*$/), (word) => expand(word) === word))
  })
})
