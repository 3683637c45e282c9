import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import path from 'node:path'
import { execPipeline, makeProject, type Project } from '../support/project.js'
import {
  connect,
  startSandpiper,
  type Api,
  type ApiStep,
  type SandpiperProcess,
} from '../support/sandpiper.js'
import { findLeftovers } from '../support/leftovers.js'
import { makeScratch } from '../support/scratch.js'
import { waitFor } from '../support/wait.js'

/** One standalone Sandpiper; every test pushes a pipeline whose step misbehaves. */
let scratch: { dir: string; remove: () => Promise<void> }
let server: SandpiperProcess
let api: Api
let project: Project

beforeAll(async () => {
  scratch = await makeScratch()
  const data = path.join(scratch.dir, 'data')
  server = startSandpiper(['standalone', '--data', data, '--listen', '127.0.0.1:0'], {
    SANDPIPER_STEP_MEMORY: '128m',
    SANDPIPER_STEP_PIDS: '64',
    SANDPIPER_STEP_GRACE: '500ms',
  })
  api = await connect(data, server)
  project = await makeProject(api, scratch.dir, 'acme/faults')
}, 60_000)

afterAll(async () => {
  await server.end()
  await scratch.remove()
  expect(await findLeftovers()).toEqual([])
}, 60_000)

/** Pushes a pipeline of one step and returns how the step ended, with its log. */
async function run(...commands: string[]): Promise<{ status: string; step: ApiStep; log: string }> {
  await project.push({ '.pipeline.yml': execPipeline({ step: commands }) })
  const { number } = (await api.builds(project.slug))[0]!
  const build = await api.ended(project.slug, number)
  const step = build.stages![0]!.steps.find(({ name }) => name === 'step')!
  return { status: build.status, step, log: await api.log(project.slug, number, 1, step.number) }
}

describe('a step that misbehaves', () => {
  it('forks 10,000 times: the pids limit is named', async () => {
    const { status, step } = await run(
      'i=0; while [ $i -lt 10000 ]; do sleep 60 & i=$((i+1)); done',
    )
    expect(status).toBe('failure')
    expect(step.error).toMatch(/pids limit.* 64/)
  }, 90_000)

  it('eats memory: the memory limit is named with its peak', async () => {
    const { status, step } = await run('x=$(head -c 400m /dev/zero | tr "\\0" x); echo ${#x}')
    expect(status).toBe('failure')
    expect(step.error).toMatch(/memory limit 128 MiB, peak 12\d(\.\d)? MiB/)
    expect(step.usage!.memory_peak_bytes).toBeGreaterThan(100 * 1024 * 1024)
  }, 90_000)

  it('writes 1 GB to its log: it is stopped at the output limit and what it wrote before is there', async () => {
    const { status, step, log } = await run('echo first', 'yes 0123456789abcdef | head -c 1G')
    expect(status).toBe('failure')
    expect(step.error).toMatch(/output limit/)
    expect(log.split('\n').slice(0, 4)).toContain('first')
    expect(log.split('\n').filter((line) => line === '0123456789abcdef').length).toBeGreaterThan(
      100_000,
    )
  }, 180_000)

  it('closes its output and goes on: its exit code counts', async () => {
    const { status, step, log } = await run('echo before', 'exec >&- 2>&-', 'sleep 0.2', 'exit 7')
    expect(status).toBe('failure')
    expect(step.exit_code).toBe(7)
    expect(log).toContain('before\n')
  }, 60_000)

  it('leaves a daemon behind: the step ends and the daemon is gone', async () => {
    const { status, log } = await run('setsid sh -c "sleep 4242 & sleep 4242" &', 'echo done')
    expect(status).toBe('success')
    expect(log).toContain('done\n')
    expect(
      await findLeftovers().then((left) => left.filter((line) => line.includes('sleep'))),
    ).toEqual([])
  }, 60_000)

  it('ignores SIGTERM: a cancelled build ends all the same', async () => {
    await project.push({
      '.pipeline.yml': execPipeline({
        step: ['trap "" TERM', 'echo deaf', 'while :; do sleep 1; done'],
      }),
    })
    const { number } = (await api.builds(project.slug))[0]!
    await waitFor('the step to run', async () =>
      (await api.log(project.slug, number, 1, 2)).includes('\ndeaf\n'),
    )
    const answer = await api.request('DELETE', `/api/repos/${project.slug}/builds/${number}`)
    expect(answer.status).toBeLessThan(300)
    const build = await api.ended(project.slug, number)
    expect(build.status).toBe('killed')
    expect(build.stages![0]!.steps.map(({ status }) => status)).toEqual(['success', 'killed'])
  }, 90_000)
})
