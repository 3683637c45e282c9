import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { type Dependencies, keepNodes } from './keep.js'

/** Graphs without cycles: a node depends on nodes before it; listed in any order. */
const graphs = fc
  .array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: 12 })
  .chain((rows) => {
    const entries = rows.map((row, index) => {
      const names = index === 0 ? [] : row.map((pick) => `n${pick % index}`)
      return [`n${index}`, [...new Set(names)]] as const
    })
    return fc.shuffledSubarray(entries, { minLength: entries.length })
  })
  .map((entries): Dependencies => new Map(entries))

function ancestors(graph: Dependencies, name: string): Set<string> {
  const found = new Set(graph.get(name))
  for (const one of found) for (const next of graph.get(one) ?? []) found.add(next)
  return found
}

describe('keepNodes', () => {
  it('keeps exactly the order among kept nodes', () => {
    fc.assert(
      fc.property(graphs, fc.func(fc.boolean()), (graph, choose) => {
        const isKept = (name: string) => choose(name)
        const kept = keepNodes(graph, isKept) ?? new Map<string, string[]>()
        expect([...kept.keys()]).toEqual([...graph.keys()].filter(isKept))
        for (const name of kept.keys()) {
          const before = [...ancestors(graph, name)].filter(isKept).sort()
          expect([...ancestors(kept, name)].sort()).toEqual(before)
        }
      }),
    )
  })

  it('changes nothing when all are kept', () => {
    fc.assert(fc.property(graphs, (graph) => expect(keepNodes(graph, () => true)).toEqual(graph)))
  })
})
