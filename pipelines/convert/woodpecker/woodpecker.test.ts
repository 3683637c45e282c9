import { describe, expect, it } from '@jest/globals'
import { compilePipeline } from '../../compile/compile-pipeline.js'
import { commandsSteps, edgesOf } from '../../testing/compile.js'
import { converted } from '../../testing/converted.js'
import { pushInput } from '../../testing/events.js'

const FILE = '.woodpecker/build.yml'

function workflow(text: string): Record<string, unknown> {
  const [root] = converted(text, FILE)
  return root as Record<string, unknown>
}

/** The first step of a workflow with one step. */
function step(body: string, key = 'steps'): unknown {
  const root = workflow(
    `${key}:\n  build:\n    image: alpine\n    ${body.replaceAll('\n', '\n    ')}\n`,
  )
  const [first] = (root[key === 'pipeline' ? 'steps' : key] ?? []) as unknown[]
  return first
}

const PLAIN = { name: 'build', image: 'alpine' }

describe('a step of Woodpecker', () => {
  it.each<[string, object]>([
    ['commands: make', { commands: 'make' }],
    ['pull: true', { pull: 'always' }],
    ['pull: false', {}],
    ['directory: web', { working_dir: 'web' }],
    ['entrypoint: /bin/run', { entrypoint: ['/bin/run'] }],
    ['failure: cancel', { failure: 'fast' }],
    ['failure: fail', {}],
    ['failure: ignore', { failure: 'ignore' }],
    ['dns: 192.0.2.1', { dns: ['192.0.2.1'] }],
    ['network_mode: none', { network_mode: 'none' }],
    ['settings: {a-b.c: 1}', { settings: { a_b_c: 1 } }],
    ['environment: [A=1, B=c=d]', { environment: { A: '1', B: 'c=d' } }],
    [
      'environment: {A: [1, 2], B: {y: 1, x: [true]}}',
      { environment: { A: '1,2', B: '{"x":[true],"y":1}' } },
    ],
    ['environment: {A: {from_secret: b}}', { environment: { A: { from_secret: 'b' } } }],
    [
      'secrets: [token, {source: a, target: b}]',
      { environment: { TOKEN: { from_secret: 'token' }, B: { from_secret: 'a' } } },
    ],
    ['backend_options: {docker: {user: "1:2"}}', { user: '1:2' }],
    [
      'backend_options: {kubernetes: {resources: {limits: {cpu: 500m, memory: 1Gi}}}}',
      { resources: { cpu: '500m', memory: '1Gi' } },
    ],
    [
      'commands: [make]\nentrypoint: ["/bin/bash", "-c", "echo $CI_SCRIPT | base64 -d | /bin/bash -e"]',
      { commands: ['make'], shell: '/bin/bash' },
    ],
    ['when: {event: manual}', { when: { event: 'custom' } }],
    ['when: [{event: [deployment, push]}]', { when: [{ event: ['promote', 'push'] }] }],
    [
      'when: {path: {include: [a], on_empty: false}}',
      { when: { paths: { include: ['a'], on_empty: false } } },
    ],
    ['when: {local: false}', { when: {} }],
    ['unheard: of', {}],
  ])('%s', (body, expected) => {
    expect(step(body)).toEqual({ ...PLAIN, ...expected })
  })

  it('looks at `branch` for no tag and at `cron` for crons only', () => {
    const when = (text: string) => (step(`when: ${text}`) as { when: unknown }).when
    expect(when('{branch: main, event: push}')).toEqual({ branch: 'main', event: 'push' })
    expect(when('{branch: main, event: tag}')).toEqual({ event: 'tag' })
    expect(when('{branch: main}')).toEqual([
      { event: { exclude: 'tag' }, branch: 'main' },
      { event: 'tag' },
    ])
    expect(when('{branch: main, event: [push, tag]}')).toEqual([
      { event: 'push', branch: 'main' },
      { event: 'tag' },
    ])
    expect(when('{cron: nightly, event: [cron, push]}')).toEqual([
      { event: 'cron', cron: 'nightly' },
      { event: 'push' },
    ])
    expect(when('{cron: nightly}')).toEqual([
      { event: 'cron', cron: 'nightly' },
      { event: { exclude: 'cron' } },
    ])
  })

  it('does not split what the workflow lets through for no tag anyway', () => {
    const root = workflow('when: {event: push}\nsteps: [{name: a, image: b, when: {branch: main}}]')
    expect(root['steps']).toEqual([{ name: 'a', image: 'b', when: { branch: 'main' } }])
  })
})

describe('a workflow of Woodpecker', () => {
  const STEPS = 'steps: [{name: a, image: b}]\n'

  it.each<[string, object]>([
    ['skip_clone: true', { clone: { disable: true } }],
    ['runs_on: [success, failure]', { trigger: { status: ['success', 'failure'] } }],
    [
      'runs_on: [failure]\nwhen: [{event: push}, {status: success}]',
      { trigger: [{ status: ['failure'], event: 'push' }, { status: 'success' }] },
    ],
    ['platform: linux/arm64', { platform: { os: 'linux', arch: 'arm64' } }],
    [
      'labels: {platform: linux/arm/v7, zone: a, hostname: ""}',
      { platform: { os: 'linux', arch: 'arm', variant: 'v7' }, node: { zone: 'a' } },
    ],
    ['labels: {platform: "${P}"}', { platform: { os: '${P%%/*}', arch: '${P#*/}' } }],
    ['concurrency: 1', { concurrency: { limit: 1 } }],
    ['variables: [&x 1]', {}],
    [
      'clone: {git: {image: woodpeckerci/plugin-git, settings: {depth: "50"}}}',
      { clone: { depth: 50 } },
    ],
    ['clone: [{name: git, settings: {partial: false}}]', { clone: { depth: 0 } }],
    ['when: {event: push, matrix: {A: 1}}', { trigger: { event: 'push' } }],
  ])('%s', (top, expected) => {
    const root = workflow(`${STEPS}${top}\n`)
    expect(root).toEqual({
      kind: 'pipeline',
      name: 'build',
      steps: [{ name: 'a', image: 'b' }],
      ...expected,
    })
  })

  it.each([
    ['.woodpecker.yml', 'woodpecker'],
    ['.woodpecker/unit-tests.yaml', 'unit-tests'],
  ])('%s is named %s', (file, name) => {
    expect(converted(STEPS, file)).toMatchObject([{ name }])
  })

  it('declares volumes of the host, and says that named ones are empty', () => {
    const text =
      'steps: [{name: a, image: b, volumes: ["/srv/x:/x:ro", "cache:/c"], tmpfs: ["/t:size=1m"]}]'
    expect(workflow(text)).toMatchObject({
      volumes: [
        { name: 'srv-x', host: { path: '/srv/x' } },
        { name: 'cache', temp: {} },
        { name: 't-memory', temp: { medium: 'memory', size_limit: '1m' } },
      ],
      steps: [
        {
          volumes: [
            { name: 'srv-x', path: '/x', read_only: true },
            { name: 'cache', path: '/c' },
            { name: 't-memory', path: '/t' },
          ],
        },
      ],
    })
    const { diagnostics } = compilePipeline([{ file: FILE, text }], pushInput())
    expect(diagnostics).toContainEqual(
      expect.objectContaining({
        code: 'SP_PIPELINE_CONVERTED',
        severity: 'warning',
        start: { line: 1, column: text.indexOf('"cache') + 1 },
      }),
    )
  })

  it('runs neighbours of one group at the same time', () => {
    const group = (name: string, of: string) => `{name: ${name}, image: i, commands: [x]${of}}`
    const steps = [
      group('a', ''),
      group('b', ', group: g'),
      group('c', ', group: g'),
      group('d', ''),
    ]
    const text = `pipeline: [${steps.join(', ')}]\nservices: {db: {image: pg}}\n`
    const { plan } = compilePipeline([{ file: FILE, text }], pushInput())
    expect(edgesOf(plan!.stages[0]!)).toMatchObject({
      a: ['db'],
      b: ['a'],
      c: ['a'],
      d: ['b', 'c'],
    })
  })

  it('starts every step at once with an empty depends_on everywhere', () => {
    const text =
      'steps: [{name: a, image: i, commands: [x], depends_on: []}, {name: b, image: i, commands: [x], depends_on: []}]'
    const { plan } = compilePipeline([{ file: FILE, text }], pushInput())
    expect(edgesOf(plan!.stages[0]!)).toMatchObject({ a: ['clone'], b: ['clone'] })
  })

  it('renames a step that a service has the name of, and what depends on it', () => {
    const text = `services: {db: {image: pg}}
steps: [{name: db, image: i, commands: [x]}, {name: e, image: i, commands: [y], depends_on: [db]}]`
    const { plan } = compilePipeline([{ file: FILE, text }], pushInput())
    expect(edgesOf(plan!.stages[0]!)).toMatchObject({ e: ['db-2'] })
  })

  it('gives steps of a list their numbers, from 0', () => {
    expect(workflow('steps: [{image: a}, {image: b}]')).toMatchObject({
      steps: [{ name: 'step-0' }, { name: 'step-1' }],
    })
  })

  it('keeps the place of what a problem is in', () => {
    const text = 'steps:\n  a:\n    image: b\n    commands: {c: d}\n'
    const { diagnostics } = compilePipeline([{ file: FILE, text }], pushInput())
    expect(diagnostics.map(({ start }) => start)).toEqual([{ line: 4, column: 15 }])
  })

  it('does without other workflows when it is alone, and not when it is not', () => {
    const deploy = { file: '.woodpecker/deploy.yml', text: `${STEPS}depends_on: test\n` }
    const lint = { file: '.woodpecker/lint.yml', text: STEPS }
    const alone = compilePipeline([deploy], pushInput())
    expect(alone.plan?.stages).toHaveLength(1)
    expect(alone.diagnostics.map(({ severity }) => severity)).toEqual(['warning'])
    expect(compilePipeline([deploy, lint], pushInput()).plan).toBeNull()
    const both = compilePipeline([deploy, { ...lint, file: '.woodpecker/test.yml' }], pushInput())
    expect(both.plan?.stages.map(({ name, dependsOn }) => [name, dependsOn])).toEqual([
      ['deploy', ['test']],
      ['test', []],
    ])
  })

  it('merges lists into lists', () => {
    const text = `variables:
  - &one [a, b]
  - &two
    - <<: *one
    - c
steps:
  build:
    image: i
    commands:
      - <<: *two
      - d
      - <<: [*one, *one]
`
    const { plan } = compilePipeline([{ file: FILE, text }], pushInput())
    expect(commandsSteps(plan!.stages[0]!)['build']?.commands).toEqual([
      'a',
      'b',
      'c',
      'd',
      'a',
      'b',
      'a',
      'b',
    ])
  })

  it('ends a bomb of merged lists in a diagnostic', () => {
    const levels = Array.from({ length: 30 }, (_, n) => `  - &l${n + 1} [<<: *l${n}, <<: *l${n}]`)
    const text = `variables:\n  - &l0 [x, y]\n${levels.join('\n')}\nsteps: {a: {image: i, commands: *l30}}\n`
    const { diagnostics } = compilePipeline([{ file: FILE, text }], pushInput())
    expect(diagnostics.map(({ code }) => code)).toContain('SP_PIPELINE_TOO_LARGE')
  })

  it.each(['when: {tag: [LONG]}', 'volumes: [LONG]', 'secrets: [LONG]', 'entrypoint: [LONG]'])(
    'makes no more text of aliases than there is: %s',
    (key) => {
      const aliases = Array.from({ length: 20_000 }, () => '*a').join(',')
      const step = `{image: i, ${key.replace('LONG', aliases)}}`
      const text = `variables: [&a ${'x'.repeat(400_000)}]\nsteps: {b: ${step}}`
      const before = process.memoryUsage().heapUsed
      compilePipeline([{ file: FILE, text }], pushInput())
      // Written out, it would be 8 GB.
      expect(process.memoryUsage().heapUsed - before).toBeLessThan(500_000_000)
    },
  )
})
