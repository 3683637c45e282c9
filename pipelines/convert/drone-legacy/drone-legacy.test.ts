import { describe, expect, it } from '@jest/globals'
import { compilePipeline } from '../../compile/compile-pipeline.js'
import { edgesOf } from '../../testing/compile.js'
import { converted } from '../../testing/converted.js'
import { pushInput } from '../../testing/events.js'

const FILE = '.drone.yml'

/** The first step of a file with one step. */
function step(body: string): unknown {
  const text = `pipeline:\n  build:\n    image: alpine\n    ${body.replaceAll('\n', '\n    ')}\n`
  const [root] = converted(text, FILE) as { steps: unknown[] }[]
  return root?.steps[0]
}

describe('a step of Drone 0.8', () => {
  it.each<[string, object]>([
    ['commands: [make]', { commands: ['make'] }],
    ['repo: a/b\ntags: [x, y]', { settings: { repo: 'a/b', tags: ['x', 'y'] } }],
    ['pull: true', { pull: 'always' }],
    ['environment: [A=1]', { environment: { A: '1' } }],
    [
      'environment: {A: 1}\nsecrets: [b, {source: c, target: plugin_d}]',
      { environment: { A: 1, B: { from_secret: 'b' }, PLUGIN_D: { from_secret: 'c' } } },
    ],
    ['entrypoint: /x', { entrypoint: ['/x'] }],
    ['allow_failure: true', { failure: 'ignore' }],
    ['labels: [a]', {}],
    [
      'when: {event: deployment, environment: prod}',
      { when: { event: 'promote', target: 'prod' } },
    ],
    ['when: {status: [changed, failure]}', { when: { status: ['failure'] } }],
    ['when: {status: changed}', { when: { status: ['success', 'failure'] } }],
    ['when: {local: true, matrix: {A: 1}}', { when: { matrix: { A: 1 } } }],
  ])('%s', (body, expected) => {
    expect(step(body)).toEqual({ name: 'build', image: 'alpine', ...expected })
  })
})

describe('a file of Drone 0.8', () => {
  it('becomes a pipeline, and a document for each secret', () => {
    const text = `pipeline: {a: {image: b}}
services: {db: {image: pg, ports: [1], other: 2}}
branches: main
platform: linux/arm
workspace: {base: /go}
matrix: {V: [1.10]}
clone: {git: {image: plugins/git, depth: 3, tags: true}}
networks: {}
secrets:
  one: {driver: vault, driver_opts: {path: p/q, key: k}}
  two: {path: r}
`
    expect(converted(text, FILE)).toEqual([
      {
        kind: 'pipeline',
        name: 'default',
        platform: { os: 'linux', arch: 'arm' },
        workspace: { base: '/go' },
        trigger: { branch: 'main' },
        matrix: { V: [1.1] },
        clone: { depth: 3 },
        services: [{ name: 'db', image: 'pg', ports: [1] }],
        steps: [{ name: 'a', image: 'b' }],
      },
      { kind: 'secret', name: 'one', get: { path: 'p/q', name: 'k' } },
      { kind: 'secret', name: 'two', get: { path: 'r' } },
    ])
  })

  it('runs steps that clone in their own way first', () => {
    const text = `clone: {mine: {image: git, commands: [git clone]}}
pipeline:
  a: {image: i, commands: [x], group: g}
  b: {image: i, commands: [x], group: g}
`
    const { plan } = compilePipeline([{ file: FILE, text }], pushInput())
    expect(plan?.stages[0]?.clone.disabled).toBe(true)
    expect(edgesOf(plan!.stages[0]!)).toEqual({ mine: [], a: ['mine'], b: ['mine'] })
  })

  it('of groups with too many dependencies is refused', () => {
    const group = (name: string) =>
      Array.from({ length: 400 }, (_, n) => `  ${name}${n}: {image: i, group: ${name}}`).join('\n')
    const text = `pipeline:\n${group('a')}\n${group('b')}\n`
    const { diagnostics } = compilePipeline([{ file: FILE, text }], pushInput())
    expect(diagnostics.map(({ code }) => code)).toContain('SP_PIPELINE_TOO_LARGE')
  })

  it.each([
    ['0.4', 'build: {image: golang, commands: [make]}\npublish: {docker: {repo: a}}\n'],
    ['0.3', 'image: golang\nscript: [make]\n'],
  ])('of %s is refused by its version', (version, text) => {
    const { plan, diagnostics } = compilePipeline([{ file: FILE, text }], pushInput())
    expect(plan).toBeNull()
    expect(diagnostics.map(({ message }) => message)).toEqual([
      `files of Drone ${version} can't be converted`,
    ])
  })
})
