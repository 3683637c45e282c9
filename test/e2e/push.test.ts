import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import path from 'node:path'
import { findLeftovers } from '../support/leftovers.js'
import { execPipeline, makeProject, type Project } from '../support/project.js'
import {
  connect,
  sandpiper,
  startSandpiper,
  type Api,
  type SandpiperProcess,
} from '../support/sandpiper.js'
import { makeScratch } from '../support/scratch.js'
import { readEvents } from '../support/sse.js'

/** The main job as a user does it: add a repo, install the hook, push, read the log. */
let scratch: { dir: string; remove: () => Promise<void> }
let server: SandpiperProcess
let api: Api
let data: string

beforeAll(async () => {
  scratch = await makeScratch()
  data = path.join(scratch.dir, 'data')
  const imported = await sandpiper(['image', 'import', 'busybox', '--busybox', '--data', data])
  expect(imported).toMatchObject({ code: 0 })
  server = startSandpiper(['standalone', '--data', data, '--listen', '127.0.0.1:0'])
  api = await connect(data, server)
}, 60_000)

afterAll(async () => {
  await server.end()
  await scratch.remove()
  expect(await findLeftovers()).toEqual([])
}, 60_000)

let projects = 0
const newProject = (): Promise<Project> => makeProject(api, scratch.dir, `acme/app-${projects++}`)

describe('a push', () => {
  it('becomes a build whose steps share the workspace and nothing else', async () => {
    const project = await newProject()
    const pushed = await project.push({
      'src/hello.txt': 'hello world\n',
      '.pipeline.yml': `
kind: pipeline
name: build
steps:
  - name: make
    image: busybox
    environment: { WHO: sandpiper }
    commands:
      - tr a-z A-Z < src/hello.txt > built.txt
      - touch /only-in-this-step
      - echo "made by $WHO for $DRONE_COMMIT_SHA"
  - name: check
    image: busybox
    commands:
      - grep 'HELLO WORLD' built.txt
      - test ! -e /only-in-this-step
      - test -z "\${WHO:-}"
---
kind: pipeline
type: exec
name: after
depends_on: [build]
steps:
  - name: own-checkout
    commands:
      - test ! -e built.txt
      - test "$(git rev-parse HEAD)" = "$DRONE_COMMIT_SHA"
`,
    })
    expect(pushed.output).toMatch(/sandpiper: .*acme\/app-\d+.*1/)
    const build = await api.ended(project.slug, 1)
    expect(build).toMatchObject({ number: 1, status: 'success', after: pushed.sha })
    expect(build.stages!.map(({ name, status }) => [name, status])).toEqual([
      ['build', 'success'],
      ['after', 'success'],
    ])
    expect(build.stages![0]!.steps.map(({ name, status }) => [name, status])).toEqual([
      ['clone', 'success'],
      ['make', 'success'],
      ['check', 'success'],
    ])
    expect(build.stages![0]!.steps[1]!.usage!.memory_peak_bytes).toBeGreaterThan(0)
    expect(await api.log(project.slug, 1, 1, 2)).toContain(`made by sandpiper for ${pushed.sha}\n`)
  }, 60_000)

  it('whose step fails makes a failed build with its exit code, and later steps do not run', async () => {
    const project = await newProject()
    await project.push({
      '.pipeline.yml': execPipeline({ good: ['true'], bad: ['exit 3'], never: ['echo never'] }),
    })
    const build = await api.ended(project.slug, 1)
    expect(build.status).toBe('failure')
    expect(
      build.stages![0]!.steps.map(({ name, status, exit_code }) => [name, status, exit_code]),
    ).toEqual([
      ['clone', 'success', 0],
      ['good', 'success', 0],
      ['bad', 'failure', 3],
      ['never', 'skipped', 0],
    ])
  }, 60_000)

  it('runs steps that do not depend on each other at the same time', async () => {
    const project = await newProject()
    const meet = (mine: string, other: string): string[] => [
      `touch ${mine}`,
      `i=0; until [ -e ${other} ]; do i=$((i+1)); [ $i -lt 300 ] || exit 1; sleep 0.1; done`,
    ]
    await project.push({
      '.pipeline.yml': JSON.stringify({
        kind: 'pipeline',
        type: 'exec',
        steps: [
          { name: 'left', commands: meet('left', 'right'), depends_on: ['clone'] },
          { name: 'right', commands: meet('right', 'left'), depends_on: ['clone'] },
          {
            name: 'both',
            commands: ['test -e left', 'test -e right'],
            depends_on: ['left', 'right'],
          },
        ],
      }),
    })
    expect((await api.ended(project.slug, 1)).status).toBe('success')
  }, 60_000)

  it('of a command that reads standard input does not eat the script', async () => {
    const project = await newProject()
    await project.push({ '.pipeline.yml': execPipeline({ read: ['cat', 'echo still here'] }) })
    expect((await api.ended(project.slug, 1)).status).toBe('success')
    expect(await api.log(project.slug, 1, 1, 2)).toContain('still here\n')
  }, 60_000)

  it('of an image that is not in the store and may not be pulled fails with what to do', async () => {
    const project = await newProject()
    await project.push({
      '.pipeline.yml':
        'kind: pipeline\nsteps: [{name: a, image: "golang:1.99", pull: never, commands: [go version]}]\n',
    })
    const build = await api.ended(project.slug, 1)
    expect(build.status).toBe('error')
    const step = build.stages![0]!.steps[1]!
    expect(step.status).toBe('error')
    expect(step.error).toMatch(/golang:1\.99.*image pull/s)
  }, 60_000)
})

describe('the log of a step', () => {
  it('is followed live from line 1, and a resumed stream goes on after the last event', async () => {
    const project = await newProject()
    await project.push({
      '.pipeline.yml': execPipeline({
        count: ['for i in 1 2 3 4 5 6 7 8 9 10; do echo line $i; sleep 0.05; done'],
      }),
    })
    const build = await api.ended(project.slug, 1)
    const url = `${api.url}/api/repos/${project.slug}/builds/1/logs/1/2`
    const whole = await readEvents(url, api.token)
    const lines = whole.filter(({ event }) => event === 'message')
    expect(lines.map(({ id }) => id)).toEqual(lines.map((_, i) => String(i + 1)))
    const text = lines.map(({ data }) => (JSON.parse(data) as { out: string }).out).join('')
    expect(text).toBe(await api.log(project.slug, 1, 1, 2))
    expect(text).toMatch(/line 1\nline 2\n[^]*line 10\n$/)
    expect(whole.at(-1)).toMatchObject({ event: 'end' })
    const resumed = await readEvents(url, api.token, '3')
    expect(resumed.filter(({ event }) => event === 'message')).toEqual(lines.slice(3))
    expect(build.status).toBe('success')
  }, 60_000)

  it('comes as NDJSON when asked for', async () => {
    const target = `/api/repos/acme/app-${projects - 1}/builds/1/logs/1/2`
    const answer = await api.request('GET', target, undefined, { accept: 'application/x-ndjson' })
    expect(answer.headers.get('content-type')).toMatch(/^application\/x-ndjson/)
    const records = (await answer.text()).trimEnd().split('\n')
    expect(records.map((line) => (JSON.parse(line) as { pos: number }).pos)).toEqual(
      records.map((_, i) => i),
    )
  })

  it('is not shown to whoever has no token', async () => {
    const answer = await fetch(`${api.url}/api/repos/acme/app-0/builds/1/logs/1/2`)
    expect(answer.status).toBe(401)
  })
})

describe('a build', () => {
  it('is restarted as a new build of the same commit', async () => {
    const project = await newProject()
    const { sha } = await project.push({ '.pipeline.yml': execPipeline({ ok: ['true'] }) })
    await api.ended(project.slug, 1)
    const env = { SANDPIPER_SERVER: api.url, SANDPIPER_TOKEN: api.token }
    const restarted = await sandpiper(['build', 'restart', project.slug, '1', '--json'], env)
    expect(restarted).toMatchObject({ code: 0 })
    const build = await api.ended(project.slug, 2)
    expect(build).toMatchObject({ status: 'success', after: sha, parent: 1 })
  }, 60_000)
})
