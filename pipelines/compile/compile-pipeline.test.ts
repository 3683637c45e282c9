import { describe, expect, it } from '@jest/globals'
import {
  commandsSteps,
  edgesOf,
  fileOf,
  fileWithSteps,
  planOf,
  problemsOf,
  stageOf,
} from '../testing/compile.js'
import { pushInput } from '../testing/events.js'
import { compilePipeline } from './compile-pipeline.js'

describe('a compiled pipeline', () => {
  it('has the defaults of Drone', () => {
    const stage = stageOf('steps:\n- name: build\n  image: alpine\n  commands: [make]\n')
    expect(stage).toEqual({
      kind: 'pipeline',
      type: 'docker',
      name: 'default',
      platform: { os: 'linux', arch: 'amd64' },
      dependsOn: [],
      runOn: { success: true, failure: false },
      clone: { disabled: false },
      workspace: '/drone/src',
      steps: [
        { kind: 'clone', name: 'clone', dependsOn: [] },
        {
          kind: 'commands',
          name: 'build',
          dependsOn: ['clone'],
          image: 'alpine',
          commands: ['make'],
          environment: {},
          runOn: { success: true, failure: false },
          failure: 'fail',
          detach: false,
        },
      ],
    })
  })

  it('has steps without image when its type is exec', () => {
    const stage = stageOf('type: exec\nsteps:\n- name: build\n  commands: make\n')
    expect(stage.type).toBe('exec')
    expect(stage.steps[1]).not.toHaveProperty('image')
    expect(stage.steps[1]).toMatchObject({ commands: ['make'] })
  })

  it('keeps the variables of the pipeline apart from those of a step', () => {
    const source = fileWithSteps(
      ['name: a, environment: {SHARED: mine}', 'name: b'],
      'environment: {SHARED: ours, OTHER: x}\n',
    )
    const stage = stageOf(source)
    const steps = commandsSteps(stage)
    expect(stage.environment).toEqual({ SHARED: 'ours', OTHER: 'x' })
    expect(steps['a']?.environment).toEqual({ SHARED: 'mine' })
    expect(steps['b']?.environment).toEqual({})
  })

  it('takes values of variables as they are written', () => {
    const source = fileWithSteps([
      'name: a, environment: {N: 1.10, O: 0o17, B: True, Y: on, E: 1e3, Q: "1.10", Z: , T: ~, X: ""}',
    ])
    expect(commandsSteps(stageOf(source))['a']?.environment).toEqual({
      N: '1.10',
      O: '0o17',
      B: 'True',
      Y: 'on',
      E: '1e3',
      Q: '1.10',
    })
  })

  it('keeps the three spellings of `failure: fast` apart from ignore', () => {
    const words = ['ignore', 'fast', 'fast-fail', 'fail-fast']
    const source = fileWithSteps(words.map((word) => `name: ${word}, failure: ${word}`))
    const failures = Object.values(commandsSteps(stageOf(source))).map((step) => step.failure)
    expect(failures).toEqual(['ignore', 'fast', 'fast', 'fast'])
  })

  it('passes the depth of the clone on, zero included', () => {
    const clone = (text: string) => stageOf(fileWithSteps(['name: a'], `clone: {${text}}\n`)).clone
    expect(clone('depth: 50')).toEqual({ disabled: false, depth: 50 })
    expect(clone('depth: 0')).toEqual({ disabled: false, depth: 0 })
    expect(clone('disable: true')).toEqual({ disabled: true })
  })

  it('can use anchors and merge keys, also in a top-level key of their own', () => {
    const source = `
anchors:
  - &defaults {image: alpine, environment: {A: one}}
  - &more {image: never, failure: ignore}
steps:
  - {name: a, commands: [make], <<: [*defaults, *more]}
  - {<<: *defaults, name: b, commands: [make], image: debian}
`
    const steps = commandsSteps(stageOf(source))
    expect(steps['a']).toMatchObject({
      image: 'alpine',
      failure: 'ignore',
      environment: { A: 'one' },
    })
    expect(steps['b']).toMatchObject({ image: 'debian', failure: 'fail' })
  })

  it('leaves an empty entry of commands out, with a warning', () => {
    const source = 'type: exec\nsteps:\n- name: a\n  commands:\n  - make\n  - ~ # not now\n'
    expect(commandsSteps(stageOf(source))['a']?.commands).toEqual(['make'])
    expect(problemsOf(source)).toEqual([
      '6:5 SP_PIPELINE_NO_EFFECT an entry of `commands` is empty',
    ])
  })
})

describe('the order of steps', () => {
  it('is the order of the file when no step says depends_on', () => {
    const source = fileWithSteps(['name: a', 'name: b', 'name: c'])
    expect(edgesOf(stageOf(source))).toEqual({ clone: [], a: ['clone'], b: ['a'], c: ['b'] })
  })

  it('has detached steps in it, which are waited for until they are up', () => {
    const source = fileWithSteps(['name: a', 'name: d, detach: true', 'name: b', 'name: c'])
    expect(edgesOf(stageOf(source))).toMatchObject({ d: ['a'], b: ['d'], c: ['b'] })
  })

  it('is what steps say when one says depends_on; the others start after the clone', () => {
    const source = fileWithSteps(['name: a', 'name: b', 'name: c, depends_on: [b, a, b]'])
    expect(edgesOf(stageOf(source))).toEqual({
      clone: [],
      a: ['clone'],
      b: ['clone'],
      c: ['b', 'a'],
    })
  })

  it('may depend on a step that comes later, and on the clone', () => {
    const source = fileWithSteps(['name: a, depends_on: b', 'name: b, depends_on: [clone]'])
    expect(edgesOf(stageOf(source))).toMatchObject({ a: ['b'], b: ['clone'] })
  })

  it('has nothing to wait for when the clone is disabled', () => {
    const top = 'clone: {disable: true}\n'
    const serial = fileWithSteps(['name: a', 'name: b'], top)
    expect(edgesOf(stageOf(serial))).toEqual({ a: [], b: ['a'] })
    const graph = fileWithSteps(['name: a, depends_on: [clone]', 'name: b, depends_on: [a]'], top)
    expect(edgesOf(stageOf(graph))).toEqual({ a: [], b: ['a'] })
    const own = fileWithSteps(['name: clone', 'name: b, depends_on: [clone]'], top)
    expect(edgesOf(stageOf(own))).toEqual({ clone: [], b: ['clone'] })
  })

  it('bridges steps that the event leaves out', () => {
    const serial = fileWithSteps(['name: a', 'name: b, when: {event: tag}', 'name: c'])
    expect(edgesOf(stageOf(serial))).toEqual({ clone: [], a: ['clone'], c: ['a'] })
    const graph = fileWithSteps([
      'name: e, depends_on: [c, d]',
      'name: c, depends_on: [b], when: {event: tag}',
      'name: b, depends_on: [a], when: {event: tag}',
      'name: a',
      'name: d, depends_on: [a]',
    ])
    expect(edgesOf(stageOf(graph))).toEqual({
      clone: [],
      e: ['a', 'd'],
      a: ['clone'],
      d: ['a'],
    })
  })
})

describe('several pipelines', () => {
  const file = (trigger: string) => `
name: build
steps: [{name: a, image: alpine, commands: [make]}]
---
name: test
trigger: {${trigger}}
depends_on: [build]
steps: [{name: a, image: alpine, commands: [make]}]
---
# only a comment
---
name: deploy
depends_on: test
steps: [{name: a, image: alpine, commands: [make]}]
...
`

  it('become stages with their dependencies', () => {
    const plan = planOf(file('branch: main'))
    expect(plan.stages.map((stage) => [stage.name, stage.dependsOn])).toEqual([
      ['build', []],
      ['test', ['build']],
      ['deploy', ['test']],
    ])
    expect(plan.skipped).toEqual([])
  })

  it('are left out by their trigger with the reason, and bridged', () => {
    const plan = planOf(file('branch: dev'))
    expect(plan.stages.map((stage) => [stage.name, stage.dependsOn])).toEqual([
      ['build', []],
      ['deploy', ['build']],
    ])
    expect(plan.skipped).toEqual([
      {
        name: 'test',
        reason:
          'the branch is `main`, which the condition on `branch` does not match (wants `dev`)',
      },
    ])
  })

  it('are left out when nothing in them runs', () => {
    const source = fileWithSteps(['name: a, when: {event: tag}'], 'clone: {disable: true}\n')
    expect(planOf(source).skipped).toEqual([
      { name: 'default', reason: 'none of its steps runs for this event' },
    ])
    expect(stageOf(fileWithSteps(['name: a, when: {event: tag}'])).steps).toHaveLength(1)
  })
})

describe('an event that only one of several files names', () => {
  const files = [
    fileOf(
      'when: { event: [pull_request_closed] }\nsteps: { a: { image: x, commands: [y] } }',
      '.woodpecker/cleanup.yml',
    ),
    fileOf('steps: { b: { image: x, commands: [y] } }', '.woodpecker/test.yml'),
  ]

  it('runs that one alone', () => {
    const facts = { event: 'pull_request_closed', ref: 'refs/pull/1/head' } as const
    const { plan } = compilePipeline(files, pushInput(facts))
    expect(plan?.stages.map(({ name }) => name)).toEqual(['cleanup'])
    expect(plan?.skipped).toMatchObject([{ name: 'test' }])
  })

  it('is warned of where a step names what its pipeline does not run for', () => {
    const text = fileWithSteps(['name: a, when: {event: [release]}'])
    expect(problemsOf(text)).toEqual([
      '3:62 SP_PIPELINE_NO_EFFECT the pipeline does not run for the event `release`',
    ])
    expect(
      problemsOf(
        fileWithSteps(['name: a, when: {event: [release]}'], 'trigger: {event: [push, release]}\n'),
      ),
    ).toEqual([])
  })
})
