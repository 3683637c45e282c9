import { describe, expect, it } from '@jest/globals'
import { compileText, fileWithSteps } from '../testing/compile.js'

function hintsOf(text: string): (string | undefined)[] {
  return compileText(text)
    .diagnostics.filter(({ code }) => code === 'SP_PIPELINE_UNKNOWN_DEPENDENCY')
    .map(({ hint }) => hint)
}

describe('the hint on a dependency that is not there', () => {
  it('names what is likely meant', () => {
    expect(hintsOf(fileWithSteps(['name: build', 'name: b, depends_on: [biuld]']))).toEqual([
      'did you mean `build`?',
    ])
  })

  it.each([
    ['a step', fileWithSteps(['name: p, depends_on: [q]'])],
    ['a pipeline', fileWithSteps(['name: s'], 'name: p\ndepends_on: [q]\n')],
    ['a matrix', fileWithSteps(['name: s'], 'name: p\ndepends_on: [q]\nmatrix: {A: [1, 2]}\n')],
  ])('never names %s to itself', (_what, text) => {
    const hints = hintsOf(text)
    expect(hints).not.toEqual([])
    for (const hint of hints) expect(hint).not.toContain('did you mean')
  })
})
