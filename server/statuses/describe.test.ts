import { describe, expect, it } from '@jest/globals'
import { describeBuild, type BuildState, type StageState, type StepState } from './describe.js'

const step = (facts: Partial<StepState> = {}): StepState => ({
  ...{ number: 1, name: 'test', status: 'success', error: '', exitCode: 0, isIgnored: false },
  ...{ started: 1_000, stopped: 42_000, ...facts },
})
const stage = (facts: Partial<StageState> = {}): StageState => ({
  ...{
    number: 1,
    name: 'linux',
    status: 'success',
    error: '',
    cancelReason: '',
    steps: [],
    ...facts,
  },
})
const build = (facts: Partial<BuildState> = {}): BuildState => ({
  ...{ status: 'pending', error: '', started: 0, finished: 0, stages: [], ...facts },
})

describe('a build', () => {
  it.each<[Partial<BuildState>, string, string]>([
    [{}, 'pending', 'waits for a runner'],
    [{ status: 'blocked' }, 'pending', 'waits for approval'],
    [{ status: 'declined', error: 'jane declined it' }, 'failure', 'declined: jane declined it'],
    [{ status: 'running', stages: [stage()] }, 'running', 'running'],
    [
      { status: 'running', stages: [stage(), stage({ status: 'running' })] },
      'running',
      'running, 1 of 2 pipelines done',
    ],
    [{ status: 'success', started: 1_000, finished: 3_666_000 }, 'success', 'passed in 1 h 1 min'],
    [
      { status: 'skipped', error: 'main: the branch is not for it' },
      'success',
      'nothing to do: main: the branch is not for it',
    ],
    [
      { status: 'error', error: '.pipeline.yml:3:1: no such key\n  | x' },
      'error',
      'failed: .pipeline.yml:3:1: no such key',
    ],
    [
      {
        status: 'killed',
        stages: [stage({ status: 'killed', cancelReason: 'jane cancelled it' })],
      },
      'killed',
      'cancelled: jane cancelled it',
    ],
  ])('%j is %s: %s', (facts, state, description) => {
    expect(describeBuild(build(facts))).toEqual({ state, description })
  })

  it('that failed names the first step that did, not those that were ended for it, nor ignored ones', () => {
    const steps = [
      step({ number: 1, name: 'lint', status: 'failure', isIgnored: true, exitCode: 1 }),
      step({ number: 2, name: 'db', status: 'killed' }),
      step({ number: 3, name: 'test', status: 'failure', exitCode: 2 }),
    ]
    const stages = [stage({ number: 4, status: 'failure', steps }), stage({ name: 'arm' })]
    expect(describeBuild(build({ status: 'failure', stages }))).toEqual({
      state: 'failure',
      description: 'step linux/test failed with exit code 2 after 41 s',
      step: { stage: 4, step: 3 },
    })
  })

  it('whose step has a reason says that', () => {
    const steps = [
      step({
        status: 'failure',
        exitCode: 137,
        error: 'killed: memory limit 512 MiB, peak 511.9 MiB',
      }),
    ]
    const { description } = describeBuild(
      build({ status: 'failure', stages: [stage({ status: 'failure', steps })] }),
    )
    expect(description).toBe('step test: killed: memory limit 512 MiB, peak 511.9 MiB, after 41 s')
  })

  it('says one line of at most 140 characters, and halves none', () => {
    const error = `\u001b[31m${'😀'.repeat(200)}\nmore`
    const { description } = describeBuild(build({ status: 'error', error }))
    expect(description.length).toBeLessThanOrEqual(140)
    expect(description).toMatch(/^failed: \[31m(?:😀)+…$/u)
  })
})
