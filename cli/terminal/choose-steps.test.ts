import { describe, expect, it } from '@jest/globals'
import type { Status } from '../../protocol/status.js'
import { chooseSteps } from './choose-steps.js'

const steps = (...groups: readonly (readonly [number, Status])[]): { status: Status }[] =>
  groups.flatMap(([count, status]) => Array.from({ length: count }, () => ({ status })))

const shown = (...chosen: Parameters<typeof chooseSteps>): Status[] =>
  chooseSteps(...chosen).shown.map(({ status }) => status)

describe('chooseSteps', () => {
  it('shows all steps where there is room', () => {
    const few = steps([2, 'success'], [1, 'running'])
    expect(chooseSteps(few, 3)).toEqual({ shown: few, rest: '' })
  })

  it('shows what runs and what failed first, in the order of the list, and counts the others', () => {
    const many = steps([25, 'success'], [1, 'failure'], [2, 'running'], [8, 'pending'])
    expect(shown(many, 4)).toEqual(['failure', 'running', 'running'])
    expect(chooseSteps(many, 4).rest).toBe('… 25 done, 8 waiting')
    expect(shown(many, 6)).toEqual(['failure', 'running', 'running', 'pending', 'pending'])
  })

  it('counts running steps too when there are more than lines', () => {
    const { shown: listed, rest } = chooseSteps(steps([40, 'running']), 10)
    expect(listed).toHaveLength(9)
    expect(rest).toBe('… 31 running')
  })
})
