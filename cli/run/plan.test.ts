import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** The real program, as a user calls it. */
const program = path.resolve(__dirname, '../../bin/sandpiper')
let dir: string

beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'sp-test-plan-'))
})

afterEach(() => rmSync(dir, { recursive: true, force: true }))

function write(text: string, name = '.pipeline.yml'): void {
  mkdirSync(path.dirname(path.join(dir, name)), { recursive: true })
  writeFileSync(path.join(dir, name), text)
}

function plan(args: readonly string[], env: Record<string, string> = {}) {
  const call = [program, 'plan', '--repo', 'octo/hello', ...args]
  const { status, stdout, stderr } = spawnSync(process.execPath, call, {
    cwd: dir,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: dir, ...env },
  })
  return { status, stdout, stderr }
}

const EVERYTHING = `kind: pipeline
type: docker
name: build
platform: {os: linux, arch: arm64}
node: {gpu: "yes"}
matrix: {GO: ["1.22"]}
concurrency: {group: one, limit: 1, cancel_previous: true}
timeout: 10m
clone: {depth: 50}
volumes: [{name: cache, temp: {medium: memory, size_limit: 64mi}}]
services:
- {name: db, image: postgres, healthcheck: {port: 5432, interval: 2s, timeout: 3s, retries: 9}}
steps:
- name: test
  image: golang:\${GO}
  commands: [go build, go test]
  retry: {count: 2, backoff: 1s, exit_codes: [1]}
  timeout: 5m
  resources: {cpu: 0.5, memory: 512mb, pids: 10}
  network: none
  privileged: true
  volumes: [{name: cache, path: /root/.cache}]
  environment: {TOKEN: {from_secret: deploy}}
  failure: ignore
- {name: plugin, image: plugins/x, when: {event: tag}}
- {name: notify, image: plugins/y, when: {status: [success, failure]}}
---
kind: pipeline
name: nightly
trigger: {event: cron}
steps: [{name: a, image: b, commands: [c]}]
`

const TREE = `octo/hello: push to main
|- pipeline build: docker, linux/arm64
|  |- matrix: GO=1.22
|  |- labels: gpu=yes
|  |- concurrency: group one, 1 at once, newer builds end older ones
|  |- timeout: 10m00s
|  |- clone: 50 commits
|  |- workspace: /drone/src
|  |- volumes: cache (in memory, 64.0 MiB)
|  |- step clone: checks out the commit
|  |- service db: postgres, the image's own entrypoint
|  |  |- after: clone
|  |  \`- health check: port 5432, every 2.0s, for 3.0s at most, 9 tries
|  |- step test: golang:1.22, 2 commands
|  |  |- after: db
|  |  |- failure: ignored
|  |  |- retry: 2 more tries, the first after 1.0s, on exit code 1 only
|  |  |- timeout: 5m00s
|  |  |- resources: 0.5 cpus, memory 512.0 MiB, 10 pids
|  |  |- network: none
|  |  |- volumes: cache at /root/.cache
|  |  |- secrets: TOKEN from deploy
|  |  \`- needs trust: privileged: true (.pipeline.yml:21:15)
|  |- step notify: plugins/y, the image's own entrypoint
|  |  |- after: test
|  |  \`- runs after a failure too
|  \`- step plugin does not run: the event is \`push\`, which the condition on \`event\` does not match
|         (wants \`tag\`)
\`- pipeline nightly does not run: the event is \`push\`, which the condition on \`event\` does not match
       (wants \`cron\`)
`

describe('sandpiper plan', () => {
  it('draws what runs with all that is special about it, and what does not run and why', () => {
    write(EVERYTHING)
    const { status, stdout, stderr } = plan(['--branch', 'main'])
    expect(stdout).toBe(TREE)
    expect(stderr).toMatch(/^\.pipeline\.yml:21:15: warning SP_PIPELINE_NEEDS_TRUST/)
    expect(stderr).toMatch(/\n1 warning in 1 file\n$/)
    expect(status).toBe(0)
  })

  it('draws boxes where the locale has them, but not with --ascii, and colours when wanted', () => {
    write(EVERYTHING)
    expect(plan([], { LANG: 'C.UTF-8' }).stdout).toContain('\n├─ pipeline build')
    expect(plan(['--ascii'], { LANG: 'C.UTF-8' }).stdout).toContain('\n|- pipeline build')
    expect(plan([], { LANG: 'C.UTF-8', LC_ALL: 'C' }).stdout).toContain('\n|- pipeline build')
    expect(plan([], { FORCE_COLOR: '1' }).stdout).toContain('pipeline \x1b[1mbuild\x1b[0m:')
  })

  it('prints plan and diagnostics with --json', () => {
    write(EVERYTHING)
    const { status, stdout, stderr } = plan(['--json'])
    expect(JSON.parse(stdout)).toMatchObject({
      plan: { stages: [{ name: 'build', matrix: { GO: '1.22' } }], skipped: [{ name: 'nightly' }] },
      diagnostics: [{ code: 'SP_PIPELINE_NEEDS_TRUST' }],
    })
    expect([status, stderr]).toEqual([0, ''])
  })

  it('ends with 1 and no tree when the file has an error', () => {
    write('kind: pipeline\nstepz: []\n')
    const { status, stdout, stderr } = plan([])
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/^\.pipeline\.yml:2:1: error /m)
    const json = plan(['--json'])
    expect(json.status).toBe(1)
    expect(JSON.parse(json.stdout)).toMatchObject({ plan: null })
  })

  it("takes other tools' files as the server does", () => {
    write('pipeline:\n  old:\n    image: b\n    commands: [make]\n', '.drone.yml')
    expect(plan([]).stdout).toMatch(/step old: b, 1 command$/m)
    rmSync(path.join(dir, '.drone.yml'))
    const steps = 'steps: [{name: s, image: i, commands: [make]}]\n'
    write(steps, '.woodpecker/one.yml')
    write(`depends_on: [one]\n${steps}`, '.woodpecker/two.yml')
    const { stdout } = plan([])
    expect(stdout).toMatch(/^\|- pipeline one: /m)
    expect(stdout).toMatch(/^`- pipeline two: .*\n.*after: one$/m)
  })

  it('keeps text of others from steering the terminal', () => {
    write('kind: pipeline\nname: p\nsteps: [{name: s, image: b, commands: [c]}]\n')
    const { stdout } = plan(['--branch', '\x1b[2Jx\u009b1m\u202e'])
    expect(stdout).toMatch(/^octo\/hello: push to x\n/)
    // eslint-disable-next-line no-control-regex -- that is the point
    expect(stdout.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/)
  })
})

describe('the event of sandpiper plan', () => {
  const conditions = (when: string) =>
    `kind: pipeline\nname: p\nsteps: [{name: s, image: i, commands: [echo], when: ${when}}]\n`

  it.each<[string, readonly string[]]>([
    ['{event: tag, ref: refs/tags/v1}', ['--tag', 'v1']],
    ['{event: promote, target: prod}', ['--target', 'prod']],
    ['{event: rollback, target: prod}', ['--target', 'prod', '--event', 'rollback']],
    ['{event: cron, cron: nightly}', ['--cron', 'nightly']],
    ['{event: pull_request, action: opened}', ['--event', 'pull_request']],
    ['{action: synchronized}', ['--event', 'pull_request', '--action', 'synchronized']],
    ['{branch: dev}', ['--branch', 'dev']],
    ['{repo: octo/hello}', []],
    ['{paths: [src/**]}', ['--changed', 'README.md', '--changed', './src/a']],
    ['{evaluate: \'CI_COMMIT_MESSAGE == "now"\'}', ['--message', 'now']],
  ])('meets %s with %j', (when, args) => {
    write(conditions(when))
    expect(plan(args)).toMatchObject({ status: 0, stderr: '' })
    expect(plan(args).stdout).toContain('step s: i, 1 command')
    const elsewhere = ['--event', 'custom', '--branch', 'x', '--repo', 'a/b', '--changed', 'y']
    expect(plan(elsewhere).stdout).toContain('step s does not run: ')
  })

  it('has the parameters that are given', () => {
    write(conditions('{evaluate: \'DEPLOY == "a=b"\'}'))
    expect(plan(['--param', 'DEPLOY=a=b', '--param', 'X=']).stdout).toContain('step s: ')
  })

  it('says that conditions on paths are taken to hold, when there are any', () => {
    const note = 'conditions on paths are taken to hold'
    write(conditions('[{event: push, paths: [src/**]}]'))
    expect(plan([]).stdout).toMatch(new RegExp(`step s: .*\\n[^]*^${note}`, 'm'))
    expect(plan(['--changed', 'x']).stdout).not.toContain(note)
    write(conditions('{event: push}'))
    expect(plan([]).stdout).not.toContain(note)
  })
})

describe('plan of a file with parameters', () => {
  const DECLARING = `kind: pipeline
type: exec
parameters:
  where: { type: choice, options: [staging, production], default: staging }
steps:
  - { name: deploy, commands: [make], when: { evaluate: where == "production" } }
  - { name: always, commands: [make] }
`

  it('takes values, and refuses those that do not fit with their place and what to write', () => {
    write(DECLARING)
    expect(plan([]).stdout).toContain('where')
    const fitting = plan(['--param', 'where=production', '--json'])
    const { plan: made } = JSON.parse(fitting.stdout) as {
      plan: { stages: { steps: unknown[] }[] }
    }
    expect(made.stages[0]?.steps).toHaveLength(3)
    const { status, stderr } = plan(['--param', 'where=prodution'])
    expect(status).toBe(1)
    expect(stderr).toContain('.pipeline.yml:4:3: error SP_PIPELINE_PARAMETER')
    expect(stderr).toContain('did you mean `production`?')
  })
})
