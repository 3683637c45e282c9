import { describe, expect, it } from '@jest/globals'
import { createReporter } from '../diagnostics/reporter.js'
import { compileText, fileWithSteps } from '../testing/compile.js'
import { createGlobMatcher } from './glob-matcher.js'
import type { Glob } from './glob/glob.js'

const NODE = { kind: 'scalar', value: '', text: '', span: { start: 0, end: 0 }, weight: 1 } as const

/** A pattern that matches `a` and counts how often it is asked. */
function countingGlob(): Glob & { asked: number } {
  return {
    asked: 0,
    source: 'a',
    matches(text) {
      this.asked += 1
      return text === 'a'
    },
    cost: () => 100,
  }
}

describe('the matcher of a compilation', () => {
  it('asks a pattern once for a value', () => {
    const matches = createGlobMatcher(createReporter())
    const glob = countingGlob()
    const answers = ['a', 'b', 'a', 'b'].map((value) => matches(glob, value, NODE))
    expect(answers).toEqual([true, false, true, false])
    expect(glob.asked).toBe(2)
  })

  it('stops with one error when the effort is used up', () => {
    const reporter = createReporter()
    reporter.addSource({ file: 'f', text: 'a' })
    const matches = createGlobMatcher(reporter, { left: 1000 })
    const glob = countingGlob()
    for (let value = 0; value < 100; value++) matches(glob, String(value), NODE)
    expect(glob.asked).toBeLessThan(10)
    expect(reporter.diagnostics().map(({ code }) => code)).toEqual(['SP_PIPELINE_TOO_LARGE'])
  })
})

describe('patterns that are much work', () => {
  const stars = (index: number): string => `${'*a'.repeat(250)}${index}`
  const either = (index: number): string => `${'{*a,*}'.repeat(80)}${index}`
  const times = (count: number, make: (index: number) => string): string =>
    JSON.stringify(Array.from({ length: count }, (_, index) => make(index)))
  const matrix = `{A: [${Array.from({ length: 16 }, (_, index) => index).join(', ')}]}`

  it.each([
    ['for each of many combinations', `matrix: ${matrix}\n`, times(100, stars), 250],
    ['in a long list', '', times(1000, stars), 250],
    ['with braces', '', times(80, either), 1000],
  ])('end in one error: %s', (_what, top, branch, length) => {
    const text = fileWithSteps(['name: s'], `${top}trigger: {branch: ${branch}}\n`)
    const { plan, diagnostics } = compileText(text, { branch: `${'a'.repeat(length)}b` })
    expect(plan).toBeNull()
    expect(diagnostics.map(({ code }) => code)).toEqual(['SP_PIPELINE_TOO_LARGE'])
  })

  it('are no trouble on values of the usual length', () => {
    const text = fileWithSteps(['name: s'], `trigger: {branch: ${times(500, stars)}}\n`)
    const { diagnostics } = compileText(text, { branch: 'feature/short' })
    expect(diagnostics).toEqual([])
  })
})
