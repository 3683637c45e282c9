import { describe, expect, it } from '@jest/globals'
import { SUBSTITUTED_LENGTH_MAX } from '../limits.js'
import { compileText } from '../testing/compile.js'
import { substituteText } from '../testing/substitute.js'
import { createSubstitutionBudget } from './budget.js'
import { lower, upper } from './letters.js'

function fileWith(commands: readonly string[]): string {
  return JSON.stringify({ kind: 'pipeline', steps: [{ name: 'a', image: 'b', commands }] })
}

function codesOf(commands: readonly string[], message: string): string[] {
  const { diagnostics } = compileText(fileWith(commands), { message })
  return diagnostics.map(({ code }) => code)
}

describe('what a reference costs', () => {
  it('is spent once of each document, however often it stands there', () => {
    const costOf = (times: number): number => {
      const budget = createSubstitutionBudget()
      const { work } = budget
      substituteText(
        fileWith(Array<string>(times).fill('echo ${M^^}')),
        { M: 'é'.repeat(32_000) },
        { budget },
      )
      return work - budget.work
    }
    expect(costOf(1)).toBeGreaterThan(10 * 32_000)
    expect(costOf(1000) - costOf(1)).toBeLessThan(100 * 1000)
  })

  it('includes the text of the variables that it makes', () => {
    const budget = createSubstitutionBudget()
    const { text } = budget
    substituteText(fileWith(['echo ${M}']), { M: '; '.repeat(10_000) }, { budget })
    expect(text - budget.text).toBeGreaterThan(20_000)
  })

  it('tells names that are not known wherever they stand', () => {
    const { diagnostics } = substituteText(fileWith(['a ${M:=${X}}', 'b ${M:=${X}}']), { M: '' })
    expect(diagnostics).toHaveLength(2)
  })
})

describe('the variables of a stage', () => {
  const references = (count: number) =>
    Array.from({ length: count }, (_, index) => `echo \${DRONE_COMMIT_MESSAGE:${index}}`)

  it('stay short enough for programs to start, or an error names what was too much', () => {
    expect(codesOf(references(5), '; '.repeat(16_000))).toEqual([])
    const { diagnostics } = compileText(fileWith(references(120)), { message: '; '.repeat(16_000) })
    expect(diagnostics[0]).toMatchObject({
      code: 'SP_PIPELINE_TOO_LARGE',
      severity: 'error',
      message: expect.stringContaining('`${DRONE_COMMIT_MESSAGE:8}`'),
    })
    const { environment } = substituteText(fileWith(references(1500)), {
      DRONE_COMMIT_MESSAGE: '; '.repeat(16_000),
    })
    expect(Object.values(environment).join('').length).toBeLessThan(SUBSTITUTED_LENGTH_MAX)
  })
})

describe('letters', () => {
  it.each(['straße', 'ŉ', 'ΟΔΟΣ', 'İx', 'aé😀𐐨', 'ǅ'])('of %j are changed one by one', (text) => {
    const one = (change: (letter: string) => string) =>
      Array.from(text, (letter) => {
        const changed = change(letter)
        return Array.from(changed).length === 1 ? changed : letter
      }).join('')
    expect(upper(text)).toBe(one((letter) => letter.toUpperCase()))
    expect(lower(text)).toBe(one((letter) => letter.toLowerCase()))
  })
})
