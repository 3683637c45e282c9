import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { sandpiper } from '../support/sandpiper.js'
import { makeScratch } from '../support/scratch.js'

/** Pipeline files as people write them, through `sandpiper exec` and real sandboxes. */
let scratch: { dir: string; remove: () => Promise<void> }
let tree: string
let count = 0

beforeAll(async () => {
  scratch = await makeScratch()
  const { code, stderr } = await command(['image', 'import', 'busybox', '--busybox'], scratch.dir)
  expect(`${String(code)}${stderr}`).toBe('0')
}, 60_000)

beforeEach(async () => {
  tree = path.join(scratch.dir, `tree-${String(count++)}`)
  await mkdir(tree)
})

afterAll(() => scratch.remove())

interface Step {
  readonly name: string
  readonly status: string
  readonly exit_code: number
  readonly error: string
}

interface Ran {
  readonly code: number | null
  /** The log of all steps, each line after its step's name. */
  readonly log: string
  readonly stages: readonly {
    readonly name: string
    readonly status: string
    readonly error: string
    readonly steps: readonly Step[]
  }[]
}

function command(args: readonly string[], cwd: string): ReturnType<typeof sandpiper> {
  const env = { SANDPIPER_DATA: path.join(scratch.dir, 'data'), SANDPIPER_STEP_GRACE: '200ms' }
  return sandpiper(args, env, cwd)
}

/** The shortest way to a pipeline file: the header and what follows it. */
async function run(file: string): Promise<Ran> {
  await writeFile(path.join(tree, '.pipeline.yml'), file)
  const { code, stdout, stderr } = await command(['exec', '--json'], tree)
  try {
    const { stages } = JSON.parse(stdout) as Pick<Ran, 'stages'>
    return { code, log: stderr, stages }
  } catch {
    throw new Error(`exec printed no result: ${stdout}\n${stderr}`)
  }
}

function stepsOf({ stages }: Ran): Record<string, string> {
  const steps = stages.flatMap((stage) => stage.steps)
  return Object.fromEntries(steps.map(({ name, status }) => [name, status]))
}

describe('a pipeline file', () => {
  it('waits for services that are really up, and finds them by name', async () => {
    const ran = await run(`
kind: pipeline
name: default
services:
  - name: web
    image: busybox
    commands: [mkdir /www, echo served > /www/page, sleep 0.5, httpd -f -p 8080 -h /www]
    healthcheck: { port: 8080, interval: 100ms }
  - name: worker
    image: busybox
    entrypoint: [sh, -c]
    command: ['sleep 0.5; touch /var/tmp/ready; sleep 1000']
    healthcheck: { command: [test, -e, /var/tmp/ready], interval: 100ms }
steps:
  - name: get
    image: busybox
    commands: [wget -q -O - http://web:8080/page]
`)
    expect(`${ran.log}${String(ran.code)}`).toMatch(/0$/)
    expect(ran.log).toContain('served')
    expect(ran.log).toMatch(/ready after/)
    expect(stepsOf(ran)).toMatchObject({ web: 'success', worker: 'success', get: 'success' })
  })

  it('fails when a service is never ready', async () => {
    const ran = await run(`
kind: pipeline
name: default
services:
  - name: db
    image: busybox
    commands: [sleep 1000]
    healthcheck: { port: 5432, interval: 100ms, retries: 2 }
steps:
  - { name: test, image: busybox, commands: ['true'] }
  - { name: mail, image: busybox, commands: [echo told], when: { status: [failure] } }
`)
    expect(ran.code).toBe(1)
    expect(stepsOf(ran)).toEqual({
      ...{ clone: 'success', db: 'failure', test: 'skipped', mail: 'success' },
    })
    expect(ran.log).toContain('not ready after 2 checks: nothing listens on port 5432')
  })

  it('tries a step again and hands outputs on', async () => {
    const ran = await run(`
kind: pipeline
name: default
environment: { GREETING: hello }
steps:
  - name: flaky
    image: busybox
    commands:
      - echo x >> tries
      - echo "COUNT=$(wc -l < tries)" >> $SANDPIPER_OUTPUT
      - '[ $(wc -l < tries) -ge 3 ]'
    retry: { count: 3, backoff: 10ms }
  - name: use
    image: busybox
    commands: ['echo "$GREETING after $COUNT tries"']
`)
    expect(`${ran.log}${String(ran.code)}`).toMatch(/0$/)
    expect(ran.log).toContain('attempt 3 of 4 in 20ms')
    expect(ran.log).toContain('hello after 3 tries')
  })

  it('limits the time of a step and of a pipeline', async () => {
    const ran = await run(`
kind: pipeline
name: step
steps:
  - { name: slow, image: busybox, commands: [sleep 1000], timeout: 500ms, failure: ignore }
  - { name: next, image: busybox, commands: ['true'] }
---
kind: pipeline
name: whole
timeout: 1s
steps:
  - { name: slower, image: busybox, commands: [sleep 1000] }
`)
    expect(ran.code).toBe(1)
    expect(ran.stages).toMatchObject([
      { name: 'step', status: 'success' },
      { name: 'whole', status: 'killed', error: 'killed: time limit 1s' },
    ])
    expect(stepsOf(ran)).toMatchObject({ slow: 'killed', next: 'success', slower: 'killed' })
  })

  it('ends early and well with exit code 78', async () => {
    const ran = await run(`
kind: pipeline
name: default
steps:
  - { name: check, image: busybox, commands: [exit 78] }
  - { name: deploy, image: busybox, commands: [exit 1] }
`)
    expect(ran.code).toBe(0)
    expect(stepsOf(ran)).toMatchObject({ check: 'success', deploy: 'skipped' })
  })

  it('stops everything at once with failure: fast', async () => {
    const ran = await run(`
kind: pipeline
name: default
steps:
  - { name: long, image: busybox, commands: [touch up, sleep 1000], depends_on: [clone] }
  - name: check
    image: busybox
    commands: ['while [ ! -e up ]; do sleep 0.05; done', 'false']
    failure: fast
    depends_on: [clone]
`)
    expect(ran.code).toBe(1)
    expect(stepsOf(ran)).toMatchObject({ check: 'failure', long: 'killed' })
  })

  it('shares volumes, keeps a step off the network, and limits it', async () => {
    const ran = await run(`
kind: pipeline
name: default
volumes:
  - { name: cache, temp: {} }
steps:
  - name: fill
    image: busybox
    commands: [echo kept > /cache/file]
    volumes: [{ name: cache, path: /cache }]
  - name: look
    image: busybox
    user: '1000'
    network: none
    commands: [cat /elsewhere/file, id -u, touch mine, ip link]
    volumes: [{ name: cache, path: /elsewhere }]
  - name: full
    image: busybox
    commands: [head -c 9000000 /dev/zero > /big, sleep 1000]
    resources: { disk: 4m }
    failure: ignore
`)
    expect(`${ran.log}${String(ran.code)}`).toMatch(/0$/)
    expect(ran.log).toContain('kept')
    expect(ran.log).toContain('1000')
    expect(ran.log).not.toContain('eth0')
    expect(ran.log).toMatch(
      /failed: exit code 1; the disk limit of [\d.]+ MiB \(used [\d.]+ MiB\) was reached/,
    )
  })

  it('does not start what this runner must not run', async () => {
    const ran = await run(`
kind: pipeline
name: default
steps:
  - { name: build, image: busybox, privileged: true, commands: [echo ran] }
---
kind: pipeline
type: kubernetes
name: elsewhere
steps:
  - { name: build, image: busybox, commands: [echo ran] }
`)
    expect(ran.code).toBe(1)
    const [first, second] = ran.stages.map((stage) => `${stage.status}: ${stage.error}`)
    expect(first).toMatch(/^error: this runner does not allow privileged: true \(step build, .*:5:/)
    expect(second).toMatch(/^error: type kubernetes is not supported by this runner/)
    expect(ran.log).not.toContain('+ echo ran')
    expect(stepsOf(ran)).toEqual({ clone: 'skipped', build: 'skipped' })
  })
})
