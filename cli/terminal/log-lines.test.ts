import { describe, expect, it } from '@jest/globals'
import { StepPrefixes } from './log-lines.js'

function prefixes(...names: string[]): string[] {
  const all = new StepPrefixes()
  for (const name of names) all.add(name, name)
  return names.map((name) => all.of(name))
}

describe('the names before log lines', () => {
  it('are a column', () => {
    expect(prefixes('build', 'unit-tests')).toEqual(['build      | ', 'unit-tests | '])
  })

  it('keep the step and the end of a long stage', () => {
    const [one = '', other = ''] = prefixes(
      'test (GO=1.22, DATABASE=sqlite, OS=debian-12)/unit-tests',
      'test (GO=1.22, DATABASE=sqlite, OS=alpine-3)/unit-tests',
    )
    expect(one).toMatch(/^test.*….*OS=debian-12\)\/unit-tests \| $/)
    expect(other).toMatch(/^test.*….*OS=alpine-3\)\/unit-tests \| $/)
    expect(one).toHaveLength(40 + ' | '.length)
  })

  it('are told apart by a number when what is left is the same', () => {
    const end = ', OS=debian-12, ARCH=amd64, DATABASE=sqlite)/test'
    const [one = '', other = ''] = prefixes(
      `test (VERSION_OF_GO=1.22${end}`,
      `test (VERSION_OF_GO=1.23${end}`,
    )
    expect(one).not.toBe(other)
    expect(other).toMatch(/ 2 \| $/)
  })

  it('lose the middle when a step alone is too long', () => {
    const [one = ''] = prefixes(`begin${'x'.repeat(100)}end`)
    expect(one).toMatch(/^beginx+…x+end \| $/)
    expect(one).toHaveLength(40 + ' | '.length)
  })
})
