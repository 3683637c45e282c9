import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { tryLockFile } from '../../native/lib/lock.js'
import { describeSandboxes } from '../../native/lib/testing/sandboxes.js'
import { IDS_DIRECTORY } from '../../runner/ids.js'
import { cgroupsBelow, eventually, readState } from '../support/launcher-state.js'
import { execPipeline } from '../support/project.js'
import { startSandpiper } from '../support/sandpiper.js'
import { makeScratch } from '../support/scratch.js'

/** Kills are spread over the time that a run takes: from before its stage is made to after its end. */
const KILLS = 12

let scratch: { dir: string; remove: () => Promise<void> }
let args: readonly string[]

beforeAll(async () => {
  scratch = await makeScratch()
  const tree = path.join(scratch.dir, 'tree')
  await mkdir(tree)
  const file = path.join(tree, '.pipeline.yml')
  const commands = ['sleep 0.1', 'echo line >>file']
  await writeFile(file, execPipeline({ one: commands, two: commands, three: commands }))
  args = ['exec', file, '--data', path.join(scratch.dir, 'data')]
})
afterAll(() => scratch.remove())

const runnerDirectory = (): string => path.join(scratch.dir, 'data/exec/0/runner')

/** Runs to the end. @returns how long that took, in milliseconds. */
async function runWhole(): Promise<number> {
  const since = performance.now()
  const run = startSandpiper(args)
  const [code] = await new Promise<[number | null]>((resolve) => {
    run.child.on('exit', (exitCode) => resolve([exitCode]))
  })
  expect({ code, output: code === 0 ? '' : run.output() }).toEqual({ code: 0, output: '' })
  return performance.now() - since
}

/** Kills a run after so many milliseconds, and waits for the end of every process that it had. */
async function runAndKill(afterMs: number): Promise<void> {
  const process = startSandpiper(args)
  await delay(afterMs)
  const family = await descendantsOf(process.child.pid!)
  await process.end('SIGKILL')
  await eventually('all its processes have ended', async () => {
    const names = await Promise.all(family.map(identityOf))
    return family.every(({ identity }, index) => names[index] !== identity)
  })
}

interface Member {
  readonly pid: number
  readonly identity: string
}

async function descendantsOf(pid: number): Promise<readonly Member[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  const children = text.split(' ').filter(Boolean).map(Number)
  const below = await Promise.all(children.map(descendantsOf))
  const members = children.map(async (child) => ({
    pid: child,
    identity: await identityOf({ pid: child }),
  }))
  const own = (await Promise.all(members)).filter(({ identity }) => identity !== '')
  return [...own, ...below.flat()]
}

/** When the process started, as the kernel counts; empty for one that has ended. */
async function identityOf({ pid }: { readonly pid: number }): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return state === undefined || 'ZX'.includes(state) ? '' : (fields[18] ?? '')
}

/** What is left of the runs on this data directory, when none runs. */
async function leftovers(): Promise<readonly string[]> {
  const id = await readFile(path.join(runnerDirectory(), 'id'), 'utf8')
  const cgroupParent = path.join('sandpiper', id)
  const directories = ['stages', 'trash'].map((name) => path.join(runnerDirectory(), name))
  const files = await Promise.all(directories.map((directory) => readdir(directory)))
  const { hostMounts, loops } = await readState({
    pid: process.pid,
    cgroupParent,
    directory: scratch.dir,
  })
  const counts = [`${hostMounts} mounts`, `${loops} loop devices`]
  return [
    ...(await cgroupsBelow(cgroupParent)),
    ...files.flat(),
    ...counts.filter((count) => !count.startsWith('0 ')),
  ]
}

/** Names of lock files that nobody holds: what dead runners of this host have left. */
async function abandonedLocks(): Promise<readonly string[]> {
  const names = await readdir(IDS_DIRECTORY).catch(() => [])
  const abandoned: string[] = []
  for (const name of names) {
    const lock = tryLockFile(path.join(IDS_DIRECTORY, name))
    await lock?.release()
    if (lock) abandoned.push(name)
  }
  return abandoned
}

describeSandboxes('a runner that is killed', () => {
  it('at any time of a run ends all it started, and its next start leaves nothing of it', async () => {
    await runWhole()
    const wholeMs = await runWhole()
    for (let i = 0; i < KILLS; i++) await runAndKill((wholeMs * (i + 0.5)) / KILLS)
    await runWhole()
    expect(await leftovers()).toEqual([])
    await eventually('no id range is left', async () => (await abandonedLocks()).length === 0)
  }, 600_000)
})
