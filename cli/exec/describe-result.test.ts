import { describe, expect, it } from '@jest/globals'
import type { CommandsStep, Plan, StagePlan } from '../../pipelines/index.js'
import type { Status } from '../../protocol/status.js'
import { describeLeftOut, describeResult } from './describe-result.js'
import type { NamedStepResult } from './view-sink.js'

const step = (name: string, more: Partial<CommandsStep> = {}): CommandsStep => ({
  ...{ kind: 'commands', name, dependsOn: [], commands: [], environment: {} },
  ...{ runOn: { success: true, failure: false }, failure: 'fail', detach: false },
  ...more,
})

const stage = (name: string, steps: CommandsStep[], more: Partial<StagePlan> = {}): StagePlan => ({
  ...{ kind: 'pipeline', type: 'exec', name, platform: { os: 'linux', arch: 'amd64' } },
  ...{ dependsOn: [], runOn: { success: true, failure: false }, clone: { disabled: true } },
  ...{ workspace: '/drone/src', steps },
  ...more,
})

const ended = (name: string, status: Status, error: string): NamedStepResult => ({
  ...{ step: 1, name, status, exitCode: 2, error, usage: null, at: 0 },
})

function describeFailure(plan: Plan, steps: Record<string, NamedStepResult[]>): string {
  const stages = plan.stages.map(({ name }) => ({ name, status: 'failure' as const, error: '' }))
  const result = { passed: false, stages }
  return describeResult({ plan, result, steps: new Map(Object.entries(steps)), durationMs: 1 })
}

describe('the last line of a run', () => {
  it('tells how long a run took that passed', () => {
    const result = { passed: true, stages: [] }
    const plan = { stages: [], skipped: [] }
    expect(describeResult({ plan, result, steps: new Map(), durationMs: 3210 })).toBe(
      'passed in 3.2s',
    )
  })

  it('names the steps whose failure counts, with the reason', () => {
    const plan = {
      stages: [
        stage('main', [step('lint', { failure: 'ignore' }), step('unit'), step('big')]),
        stage('other', []),
      ],
      skipped: [],
    }
    const main = [
      ended('lint', 'failure', 'failed: exit code 2'),
      ended('unit', 'failure', 'failed: exit code 2'),
      ended('big', 'killed', 'killed: time limit 1s'),
    ]
    expect(describeFailure(plan, { main })).toBe(
      'failed: step main/unit (exit code 2), step main/big (killed: time limit 1s)',
    )
  })

  it('does not let names and reasons steer the terminal', () => {
    const plan = { stages: [stage('main', [step('a\x1b[2J')])], skipped: [] }
    const text = describeFailure(plan, {
      main: [ended('a\x1b[2J', 'error', 'no\x1b]0;x\x07\nway')],
    })
    expect(text).toBe('failed: step a (no way)')
  })
})

describe('the steps that are left out', () => {
  it('are named with the reason', () => {
    const leftOut = [{ name: 'deploy', reason: 'the event is push' }]
    const one = { stages: [stage('main', [], { leftOut })], skipped: [] }
    expect(describeLeftOut(one)).toEqual(['step deploy does not run: the event is push'])
    const two = { ...one, stages: [...one.stages, stage('other', [])] }
    expect(describeLeftOut(two)).toEqual(['step main/deploy does not run: the event is push'])
  })
})
