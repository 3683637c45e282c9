import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { planGarbage, type Contents, type Root } from './garbage.js'

/** Layers of 10 bytes each, by one letter. */
function contents(letters: string, roots: readonly Root[], held = ''): Contents {
  return {
    layers: new Map(letters.split('').map((one, at) => [one, { size: 10, created: at }])),
    roots,
    held: new Set(held),
  }
}

function root(layers: string, used: number, pinned = false): Root {
  return { path: layers, layers: layers.split(''), used, pinned }
}

describe('planGarbage', () => {
  it('takes nothing while there is room', () => {
    expect(planGarbage(contents('abx', [root('ab', 5)]), 30)).toEqual({
      ...{ roots: [], layers: [], bytes: 0 },
    })
  })

  it('takes what was used longest ago, and of it what nothing else leads to', () => {
    const old = root('ab', 1)
    const plan = planGarbage(contents('abc', [root('ac', 2), old]), 20)
    expect(plan).toEqual({ roots: [old], layers: ['b'], bytes: 10 })
  })

  it('goes on until it is enough', () => {
    const roots = [root('ab', 1), root('ac', 2), root('d', 3)]
    const plan = planGarbage(contents('abcd', roots), 10)
    expect([...plan.layers].sort()).toEqual(['a', 'b', 'c'])
    expect(plan.roots).toHaveLength(2)
  })

  it('keeps what is pinned and what is held, though it be too much', () => {
    const plan = planGarbage(contents('abcd', [root('ab', 1, true), root('cd', 2)], 'cd'), 0)
    expect(plan).toEqual({ roots: [], layers: [], bytes: 0 })
  })

  it('takes what nothing leads to by its age, or at once where that is asked for', () => {
    const all = contents('xab', [root('ab', 5)])
    expect(planGarbage(all, 20).layers).toEqual(['x'])
    expect(planGarbage(all, 100).layers).toEqual([])
    expect(planGarbage(all, 100, true).layers).toEqual(['x'])
  })

  it('never takes a layer that is held, or that a root which stays leads to', () => {
    const letters = fc.constantFrom(...'abcdef'.split(''))
    const roots = fc.array(
      fc.record({
        path: fc.string(),
        layers: fc.array(letters, { minLength: 1, maxLength: 4 }),
        used: fc.nat(9),
        pinned: fc.boolean(),
      }),
      { maxLength: 6 },
    )
    const made = fc.tuple(roots, fc.array(letters), fc.nat(60), fc.boolean())
    fc.assert(
      fc.property(made, ([all, held, bytesMax, unused]) => {
        const found = contents('abcdef', all, held.join(''))
        const plan = planGarbage(found, bytesMax, unused)
        const kept = all.filter((one) => !plan.roots.includes(one)).flatMap(({ layers }) => layers)
        for (const layer of plan.layers) expect([...held, ...kept]).not.toContain(layer)
        expect(plan.roots.some(({ pinned }) => pinned)).toBe(false)
        expect(plan.bytes).toBe(10 * new Set(plan.layers).size)
        const left = 60 - plan.bytes
        const needed = new Set([...held, ...kept].filter((one) => 'abcdef'.includes(one))).size
        if (left > bytesMax) expect(left).toBe(10 * needed)
      }),
    )
  })
})
