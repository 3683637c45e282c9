import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Status } from '../../protocol/status.js'
import { isTerminal } from '../../protocol/status.js'
import type { StageNode } from './outcome.js'
import { decideStages, rollUp } from './outcome.js'

function node(name: string, status: Status, dependsOn: string[] = [], on = 'success'): StageNode {
  const onSuccess = on.includes('success')
  return { name, status, dependsOn, onSuccess, onFailure: on.includes('failure') }
}

const WAITING = 'waiting_on_dependencies'
const decided = (...nodes: StageNode[]): Record<string, string> =>
  Object.fromEntries(decideStages(nodes))

describe('deciding about stages', () => {
  it('runs what has no dependencies', () => {
    expect(decided(node('a', WAITING))).toEqual({ a: 'run' })
  })

  it('waits until all dependencies have ended', () => {
    const b = node('b', WAITING, ['a', 'c'])
    expect(decided(node('a', 'success'), b, node('c', 'running'))).toEqual({ b: 'wait' })
    expect(decided(node('a', 'success'), b, node('c', 'success'))).toEqual({ b: 'run' })
  })

  it.each(['failure', 'error', 'killed', 'declined'] as const)(
    'takes %s for a failure',
    (status) => {
      const stages = [node('ok', WAITING, ['a']), node('clean', WAITING, ['a'], 'failure')]
      const expected = { ok: 'skip', clean: 'run' }
      expect(decided(node('a', status), ...stages)).toEqual(expected)
    },
  )

  it('skips a stage for failures when nothing failed', () => {
    expect(decided(node('a', 'success'), node('b', WAITING, ['a'], 'failure'))).toEqual({
      b: 'skip',
    })
  })

  it('sees a failure through stages that were skipped or cleaned up after it', () => {
    const stages = [
      node('a', 'failure'),
      node('b', 'skipped', ['a']),
      node('clean', 'success', ['a'], 'failure'),
      node('c', WAITING, ['b']),
      node('d', WAITING, ['clean']),
      node('e', WAITING, ['clean', 'b'], 'failure,success'),
    ]
    expect(decided(...stages)).toEqual({ c: 'skip', d: 'skip', e: 'run' })
  })

  it('decides a whole chain at once when its head is skipped', () => {
    const chain = [node('b', WAITING, ['a']), node('c', WAITING, ['b']), node('d', WAITING, ['c'])]
    const decisions = decided(node('a', 'failure'), ...chain.reverse())
    expect(decisions).toEqual({ b: 'skip', c: 'skip', d: 'skip' })
  })

  it('waits for ever, instead of running wild, in a cycle', () => {
    expect(decided(node('a', WAITING, ['b']), node('b', WAITING, ['a']))).toEqual({
      a: 'wait',
      b: 'wait',
    })
  })

  it('never runs a stage before its dependencies, and always ends the build', () => {
    const stage = fc.record({
      dependsOn: fc.array(fc.nat(9), { maxLength: 3 }),
      on: fc.constantFrom('success', 'failure', 'success,failure', ''),
      result: fc.constantFrom<Status>('success', 'failure', 'error', 'killed'),
    })
    fc.assert(
      fc.property(fc.array(stage, { minLength: 1, maxLength: 10 }), (plans) => {
        const results = new Map(plans.map(({ result }, i) => [String(i), result]))
        let nodes = plans.map(({ dependsOn, on }, i) => {
          const before = dependsOn.filter((number) => number < i).map(String)
          return node(String(i), WAITING, before, on)
        })
        // Each round ends at least one stage, so as many rounds as stages must be enough.
        for (let round = 0; round < plans.length; round++) {
          const decisions = decideStages(nodes)
          nodes = nodes.map((each) => {
            const decision = decisions.get(each.name)
            const isEnded = (name: string): boolean =>
              decisions.get(name) === 'skip' ||
              nodes.some((other) => other.name === name && isTerminal(other.status))
            const ended = each.dependsOn.every(isEnded)
            if (decision === 'run') expect(ended).toBe(true)
            if (decision === 'skip') return { ...each, status: 'skipped' as const }
            return decision === 'run' ? { ...each, status: results.get(each.name)! } : each
          })
        }
        expect(rollUp(nodes)).not.toBeNull()
      }),
    )
  })
})

describe('the status of a build', () => {
  const of = (...statuses: Status[]): Status | null =>
    rollUp(statuses.map((status) => ({ status })))

  it('is not known while a stage has not ended', () => {
    expect(of('success', 'running')).toBeNull()
    expect(of('failure', 'pending')).toBeNull()
  })

  it('is that of its worst stage', () => {
    expect(of('success', 'skipped')).toBe('success')
    expect(of('success', 'failure')).toBe('failure')
    expect(of('failure', 'error', 'success')).toBe('error')
    expect(of('error', 'killed')).toBe('killed')
    expect(of('skipped', 'skipped')).toBe('skipped')
  })
})
