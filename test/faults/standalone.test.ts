import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { findLeftovers } from '../support/leftovers.js'
import { execPipeline, makeProject } from '../support/project.js'
import {
  connect,
  sandpiper,
  startSandpiper,
  type Api,
  type SandpiperProcess,
} from '../support/sandpiper.js'
import { makeScratch } from '../support/scratch.js'
import { waitFor } from '../support/wait.js'

/** Everything in one process, with its private Redis. */
let scratch: { dir: string; remove: () => Promise<void> }
let running: SandpiperProcess[]

beforeEach(async () => {
  scratch = await makeScratch()
  running = []
})

afterEach(async () => {
  await Promise.all(running.map((process) => process.end('SIGTERM')))
  expect(await findLeftovers()).toEqual([])
  await scratch.remove()
}, 60_000)

const dataDir = (): string => path.join(scratch.dir, 'data')

async function startStandalone(): Promise<{ process: SandpiperProcess; api: Api }> {
  const args = ['standalone', '--data', dataDir(), '--listen', '127.0.0.1:0']
  const process = startSandpiper(args, { SANDPIPER_STEP_GRACE: '500ms' })
  running.push(process)
  return { process, api: await connect(dataDir(), process) }
}

const SLOW = execPipeline({
  slow: ['echo begun', 'i=0; while [ $i -lt 30 ]; do sleep 0.1; i=$((i+1)); done', 'echo over'],
})

const begun = (api: Api, slug: string): Promise<boolean> =>
  waitFor('the step to have begun', async () =>
    (await api.log(slug, 1, 1, 2)).includes('\nbegun\n'),
  )

/** Processes that have the data directory on their command line or as working directory. */
async function processesOn(directory: string): Promise<string[]> {
  const found: string[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (command.includes(directory)) found.push(command.replaceAll('\0', ' '))
  }
  return found
}

describe('a standalone Sandpiper killed in the middle of a build', () => {
  it('leaves no process behind, and started again it ends the build', async () => {
    const { process, api } = await startStandalone()
    const project = await makeProject(api, scratch.dir, 'acme/app')
    await project.push({ '.pipeline.yml': SLOW })
    await begun(api, project.slug)
    await process.end('SIGKILL')
    await waitFor('its Redis and its sandboxes to be gone', async () => {
      const left = [...(await processesOn(dataDir())), ...(await findLeftovers())]
      return left.every((line) => !line.includes('redis-server') && !line.startsWith('process'))
    })
    const { api: again } = await startStandalone()
    const build = await again.ended(project.slug, 1, 90_000)
    expect(build).toMatchObject({ status: 'success', error: '' })
    expect(build.stages![0]!.attempt).toBe(2)
    expect(await again.log(project.slug, 1, 1, 2)).toMatch(/\nover\n$/)
  }, 120_000)

  it('is refused a second time on the same data directory while it runs', async () => {
    await startStandalone()
    const second = await sandpiper(['standalone', '--data', dataDir(), '--listen', '127.0.0.1:0'])
    expect(second.code).toBe(3)
    expect(second.stderr).toMatch(/process id \d+ is using it/)
  }, 60_000)
})

describe('a standalone Sandpiper told to end', () => {
  it('lets the running step end first', async () => {
    const { process, api } = await startStandalone()
    const project = await makeProject(api, scratch.dir, 'acme/app')
    await project.push({ '.pipeline.yml': SLOW })
    await begun(api, project.slug)
    await process.end('SIGTERM')
    expect(process.child.exitCode).toBe(0)
    const { api: again } = await startStandalone()
    expect(await again.build(project.slug, 1)).toMatchObject({ status: 'success' })
  }, 120_000)

  it('twice aborts the step, and its successor runs the stage anew', async () => {
    const { process, api } = await startStandalone()
    const project = await makeProject(api, scratch.dir, 'acme/app')
    await project.push({ '.pipeline.yml': SLOW })
    await begun(api, project.slug)
    process.child.kill('SIGTERM')
    await waitFor('the drain to be announced', () =>
      process.output().includes('waiting for 1 running stage'),
    )
    await process.end('SIGTERM')
    const { api: again } = await startStandalone()
    const build = await again.ended(project.slug, 1, 90_000)
    expect(build).toMatchObject({ status: 'success' })
    expect(build.stages![0]!.attempt).toBe(2)
  }, 120_000)
})
