import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { editDistance, nearest, typoOf } from './did-you-mean.js'

describe('did you mean', () => {
  const words = ['steps', 'name', 'depends_on', 'environment', 'commands', 'command', 'when']

  it.each([
    ['step', 'steps'],
    ['Name', 'name'],
    ['depends', 'depends_on'],
    ['dependson', 'depends_on'],
    ['enviroment', 'environment'],
    ['comand', 'command'],
    ['if', undefined],
    ['pipeline', undefined],
    ['x'.repeat(1000), undefined],
  ])('finds for %s: %s', (word, expected) => {
    expect(nearest(word, words)).toBe(expected)
  })

  it.each([
    ['step', 'steps'],
    ['Steps', 'steps'],
    ['depends', 'depends_on'],
    ['dependson', 'depends_on'],
    ['enviroment', 'environment'],
    ['environments', 'environment'],
    ['comand', 'command'],
    ['comands', 'commands'],
    ['wehn', 'when'],
    ['then', 'when'],
    ['env', undefined],
    ['comm', 'command'],
    ['nm', undefined],
    ['if', undefined],
    ['n', undefined],
    ['x'.repeat(1000), undefined],
  ])('is sure enough to refuse %s: %s', (word, expected) => {
    expect(typoOf(word, words)).toBe(expected)
  })

  it('measures a distance: zero to itself, the same both ways, no shortcut longer', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 })
    fc.assert(
      fc.property(word, word, word, (one, two, three) => {
        expect(editDistance(one, one)).toBe(0)
        expect(editDistance(one, two)).toBe(editDistance(two, one))
        const through = editDistance(one, three) + editDistance(three, two)
        expect(editDistance(one, two)).toBeLessThanOrEqual(through)
      }),
    )
  })
})
