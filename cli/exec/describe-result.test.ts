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

  it('names every pipeline that was refused, with the reason, beside steps that failed', () => {
    const plan = {
      stages: [stage('one', [step('a')]), stage('two', []), stage('three', [step('c')])],
      skipped: [],
    }
    const stages = [
      { name: 'one', status: 'error' as const, error: 'no: privileged' },
      { name: 'two', status: 'error' as const, error: 'no: devices' },
      { name: 'three', status: 'failure' as const, error: '' },
    ]
    const steps = new Map([
      ['one', [ended('a', 'skipped', 'no: privileged')]],
      ['three', [ended('c', 'failure', 'exit code 3')]],
    ])
    const text = describeResult({ plan, result: { passed: false, stages }, steps, durationMs: 1 })
    expect(text).toBe(
      'failed: pipeline one (no: privileged), pipeline two (no: devices), step three/c (exit code 3)',
    )
  })

  it('names a service that never became ready', () => {
    const healthcheck = { port: 1, intervalMs: 1, timeoutMs: 1, retries: 5, startPeriodMs: 0 }
    const db = step('db', { detach: true, service: true, healthcheck })
    const plan = { stages: [stage('main', [db, step('unit')])], skipped: [] }
    const main = [
      ended('db', 'failure', 'not ready after 5 checks: port 1 is closed'),
      ended('unit', 'skipped', ''),
    ]
    expect(describeFailure(plan, { main })).toBe(
      'failed: service db (not ready after 5 checks: port 1 is closed)',
    )
  })

  it('names what runs in the background only when nothing else failed', () => {
    const stages = [stage('main', [step('log', { detach: true }), step('unit')])]
    const log = ended('log', 'error', 'failed: exit code 2')
    const unit = ended('unit', 'failure', 'failed: exit code 2')
    const plan = { stages, skipped: [] }
    expect(describeFailure(plan, { main: [log, unit] })).toBe('failed: step unit (exit code 2)')
    expect(describeFailure(plan, { main: [log] })).toBe('failed: step log (exit code 2)')
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
