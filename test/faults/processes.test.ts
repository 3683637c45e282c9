import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { findLeftovers } from '../support/leftovers.js'
import { execPipeline, makeProject } from '../support/project.js'
import { startRedis, type TestRedis } from '../support/redis.js'
import { connect, startSandpiper, type Api, type SandpiperProcess } from '../support/sandpiper.js'
import { makeScratch } from '../support/scratch.js'
import { waitFor } from '../support/wait.js'

/** Server and runners as processes of their own over one Redis; each test kills something. */
let scratch: { dir: string; remove: () => Promise<void> }
let redis: TestRedis
let running: SandpiperProcess[]

const FAST = { SANDPIPER_LEASE: '2s', SANDPIPER_HEARTBEAT: '400ms', SANDPIPER_RECONCILE: '300ms' }

beforeEach(async () => {
  scratch = await makeScratch()
  running = []
  redis = await startRedis(path.join(scratch.dir, 'redis'))
})

afterEach(async () => {
  await Promise.all(running.map((process) => process.end('SIGTERM')))
  await redis.stop()
  expect(await findLeftovers()).toEqual([])
  await scratch.remove()
}, 60_000)

function start(args: readonly string[]): SandpiperProcess {
  const started = startSandpiper(args, { ...FAST, SANDPIPER_REDIS_URL: redis.url })
  running.push(started)
  return started
}

async function startServer(): Promise<{ process: SandpiperProcess; api: Api }> {
  const data = path.join(scratch.dir, 'server')
  const process = start(['server', '--data', data, '--listen', '127.0.0.1:0'])
  return { process, api: await connect(data, process) }
}

const startRunner = (name: string): SandpiperProcess =>
  start(['runner', '--data', path.join(scratch.dir, name)])

/** A step that takes a few seconds, so that there is a middle to kill things in. */
const SLOW = execPipeline({
  slow: [
    'echo begun',
    'i=0',
    'while [ $i -lt 30 ]; do sleep 0.1; i=$((i+1)); echo $i; done',
    'echo over',
  ],
})

/** Whether a runner has written down that the first attempt of the first stage has ended. */
async function isFinished(dataDir: string): Promise<boolean> {
  const file = path.join(dataDir, 'runner/spool/1-1/attempt.json')
  const attempt = await readFile(file, 'utf8').catch(() => '{}')
  return (JSON.parse(attempt) as { finished?: boolean }).finished === true
}

const begun = (api: Api, slug: string, number = 1): Promise<boolean> =>
  waitFor('the step to have begun', async () =>
    (await api.log(slug, number, 1, 2)).includes('\nbegun\n'),
  )

describe('when a runner is killed in the middle of a step', () => {
  it('another runner starts the stage anew, and the log of the new attempt is whole', async () => {
    const { api } = await startServer()
    const first = startRunner('runner-1')
    const project = await makeProject(api, scratch.dir, 'acme/app')
    await project.push({ '.pipeline.yml': SLOW })
    await begun(api, project.slug)
    await first.end('SIGKILL')
    await waitFor('the end of its launcher and of all that this started', async () =>
      (await findLeftovers()).every((line) => !line.startsWith('process')),
    )
    startRunner('runner-2')
    const build = await api.ended(project.slug, 1, 90_000)
    expect(build).toMatchObject({ status: 'success', error: '' })
    expect(build.stages![0]!.attempt).toBe(2)
    const log = await api.log(project.slug, 1, 1, 2)
    expect(log.match(/^begun$/gm)).toHaveLength(1)
    expect(log).toMatch(/over\n$/)
    // What the dead one left is swept by its successor on the same data directory.
    const successor = startRunner('runner-1')
    await waitFor('the successor to be up', () => /runner is up/.test(successor.output()))
  }, 120_000)

  it('a runner that starts again on the same directory takes over at once and leaves nothing behind', async () => {
    const { api } = await startServer()
    const first = startRunner('runner-1')
    const project = await makeProject(api, scratch.dir, 'acme/app')
    await project.push({ '.pipeline.yml': SLOW })
    await begun(api, project.slug)
    await first.end('SIGKILL')
    startRunner('runner-1')
    const build = await api.ended(project.slug, 1, 90_000)
    expect(build).toMatchObject({ status: 'success', error: '' })
    expect(build.stages![0]!.attempt).toBe(2)
  }, 120_000)
})

describe('when the server is killed in the middle of a build', () => {
  it('the runner goes on, and the restarted server has the whole log and the result', async () => {
    const { api, process } = await startServer()
    startRunner('runner-1')
    const project = await makeProject(api, scratch.dir, 'acme/app')
    await project.push({ '.pipeline.yml': SLOW })
    await begun(api, project.slug)
    await process.end('SIGKILL')
    const { api: again } = await startServer()
    const build = await again.ended(project.slug, 1, 90_000)
    expect(build).toMatchObject({ status: 'success', error: '' })
    expect(build.stages![0]!.attempt).toBe(1)
    const log = await again.log(project.slug, 1, 1, 2)
    expect(log.match(/^\d+$/gm)).toEqual(Array.from({ length: 30 }, (_, i) => String(i + 1)))
  }, 120_000)
})

describe('when the runner too is killed, after the step has ended and before the server knows', () => {
  it('its successor delivers the result, and the step does not run a second time', async () => {
    const { api, process } = await startServer()
    const first = startRunner('runner-1')
    const project = await makeProject(api, scratch.dir, 'acme/app')
    await project.push({ '.pipeline.yml': SLOW })
    await begun(api, project.slug)
    await process.end('SIGKILL')
    await waitFor('the stage to end', () => isFinished(path.join(scratch.dir, 'runner-1')))
    await first.end('SIGKILL')
    startRunner('runner-1')
    const { api: again } = await startServer()
    const build = await again.ended(project.slug, 1, 90_000)
    expect(build).toMatchObject({ status: 'success', error: '' })
    expect(build.stages![0]!.attempt).toBe(1)
    expect(await again.log(project.slug, 1, 1, 2)).toMatch(/\n30\n\+ echo over\nover\n$/)
  }, 120_000)
})

describe('when Redis is wiped', () => {
  it('builds that wait still end', async () => {
    const { api } = await startServer()
    const project = await makeProject(api, scratch.dir, 'acme/app')
    for (let i = 0; i < 3; i++) {
      await project.push({ '.pipeline.yml': execPipeline({ hello: ['echo hello'] }) })
    }
    await waitFor('the builds to be ingested', async () => {
      const builds = await Promise.all([1, 2, 3].map((number) => api.build(project.slug, number)))
      return builds.every(({ stages }) => (stages?.length ?? 0) > 0)
    })
    await redis.flush()
    startRunner('runner-1')
    for (const number of [1, 2, 3]) {
      expect((await api.ended(project.slug, number, 90_000)).status).toBe('success')
    }
  }, 120_000)

  it('a running build goes on and its log has every line once', async () => {
    const { api } = await startServer()
    startRunner('runner-1')
    const project = await makeProject(api, scratch.dir, 'acme/app')
    await project.push({ '.pipeline.yml': SLOW })
    await begun(api, project.slug)
    await redis.flush()
    const build = await api.ended(project.slug, 1, 90_000)
    expect(build).toMatchObject({ status: 'success', error: '' })
    const log = await api.log(project.slug, 1, 1, 2)
    expect(log.match(/^\d+$/gm)).toEqual(Array.from({ length: 30 }, (_, i) => String(i + 1)))
  }, 120_000)

  it('Redis killed and started again in the middle of a build loses nothing', async () => {
    const { api } = await startServer()
    startRunner('runner-1')
    const project = await makeProject(api, scratch.dir, 'acme/app')
    await project.push({ '.pipeline.yml': SLOW })
    await begun(api, project.slug)
    await redis.stop('SIGKILL')
    await redis.start()
    const build = await api.ended(project.slug, 1, 90_000)
    expect(build).toMatchObject({ status: 'success', error: '' })
    expect(build.stages![0]!.attempt).toBe(1)
    const log = await api.log(project.slug, 1, 1, 2)
    expect(log.match(/^\d+$/gm)).toEqual(Array.from({ length: 30 }, (_, i) => String(i + 1)))
  }, 120_000)
})

describe('ten pushes at once', () => {
  it('make ten builds that all pass, each with its own commit', async () => {
    const { api } = await startServer()
    startRunner('runner-1')
    startRunner('runner-2')
    const projects = await Promise.all(
      Array.from({ length: 10 }, (_, i) => makeProject(api, scratch.dir, `acme/app-${i}`)),
    )
    const pushes = await Promise.all(
      projects.map((project) =>
        project.push({
          '.pipeline.yml': execPipeline({ hello: [`echo hello from ${project.slug}`] }),
        }),
      ),
    )
    for (const [i, project] of projects.entries()) {
      const build = await api.ended(project.slug, 1, 90_000)
      expect(build).toMatchObject({ status: 'success', error: '' })
      expect(build.after).toBe(pushes[i]!.sha)
      expect(await api.log(project.slug, 1, 1, 2)).toContain(`hello from ${project.slug}\n`)
    }
  }, 180_000)
})
