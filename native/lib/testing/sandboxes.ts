import { describe } from '@jest/globals'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { buildDirectory } from '../addon.js'
import { createLauncher } from '../launcher.js'
import { isInHostUserNamespace } from '../user-namespace.js'
import type {
  Launcher,
  Sandbox,
  SandboxExit,
  SandboxProcess,
  SandboxSpec,
  Stage,
  StageSpec,
} from '../types.js'
import { makeTestRoot, type TestRoot } from './busybox-root.js'
import { namespaceIds, suitLauncher } from './namespace-launcher.js'

/** A launcher with a busybox root and one stage, for tests that run programs in sandboxes. */
export interface TestSandboxes {
  readonly root: TestRoot
  readonly launcher: Launcher
  readonly cgroupParent: string
  readonly stage: Stage
  /** The host ids of `stage`. */
  readonly ids: StageSpec['ids']
  /** Another stage with ids of its own; the caller destroys it. */
  makeStage(changes?: Partial<StageSpec>): Promise<Stage>
  /** A complete specification of a sandbox that runs a shell command. */
  specOf(command: string, changes?: Partial<SandboxSpec>): Promise<SandboxSpec>
  /** Runs a shell command to its end. */
  run(command: string, changes?: Partial<SandboxSpec>): Promise<RunResult>
  close(): Promise<void>
}

export interface RunResult {
  readonly output: string
  readonly exit: SandboxExit
}

/** Describes tests that make sandboxes: skipped where `npm test` has found that the host can't. */
export const describeSandboxes =
  process.env['SANDPIPER_TEST_SANDBOX'] === '0' ? describe.skip : describe

/** Ids that no stage of a real runner has: each test process takes a range of its own. */
const IDS_START = 1_000_000_000
const IDS_COUNT = 65_536
/** Launchers and stages that this process has started. */
let launchers = 0
let stages = 0

/**
 * Makes one. SANDPIPER_TEST_LAUNCHER may name another launcher program, e.g. one with sanitizers.
 * @param launcherPath a launcher that the tests are about
 */
export async function makeTestSandboxes(
  launcherPath = process.env['SANDPIPER_TEST_LAUNCHER'],
): Promise<TestSandboxes> {
  const root = await makeTestRoot()
  await copyFile(join(buildDirectory(), 'attempt'), join(root.lower, 'bin/attempt'))
  const cgroupParent = `sandpiper/test-${process.pid}-${Date.now()}-${++launchers}`
  const launcher = suitLauncher(
    await createLauncher(
      launcherPath === undefined ? { cgroupParent } : { cgroupParent, launcherPath },
    ),
  )
  let sandboxes = 0
  const nextIds = (): StageSpec['ids'] => {
    stages += 1
    if (!isInHostUserNamespace()) return namespaceIds()
    const start = IDS_START + ((process.pid * 16 + stages) % 30_000) * IDS_COUNT
    return { start, count: IDS_COUNT }
  }
  const ids = nextIds()
  const stage = await launcher.createStage({ ids })
  const specOf = async (
    command: string,
    changes: Partial<SandboxSpec> = {},
  ): Promise<SandboxSpec> => {
    sandboxes += 1
    return {
      name: `t-${sandboxes}`,
      root: { lowers: [{ path: root.lower }], ...(await root.makeWritable()) },
      binds: [],
      argv: ['/bin/sh', '-c', command],
      env: { PATH: '/bin' },
      cwd: '/',
      hostname: 'test',
      limits: {},
      ...changes,
    }
  }
  return {
    root,
    launcher,
    cgroupParent,
    stage,
    ids,
    makeStage: (changes) => launcher.createStage({ ids: nextIds(), ...changes }),
    specOf,
    run: async (command, changes) => finish(await stage.start(await specOf(command, changes))),
    close: async () => {
      await launcher.close()
      await root.remove()
    },
  }
}

/** Reads a sandbox's output and waits for its end. */
export async function finish(sandbox: Sandbox): Promise<RunResult> {
  return { output: await readAll(sandbox.output), exit: await sandbox.exit }
}

/** Runs a shell command in a sandbox that runs. */
export function execIn(sandbox: Sandbox, command: string): Promise<SandboxProcess> {
  return sandbox.exec({ argv: ['/bin/sh', '-c', command], env: { PATH: '/bin' }, cwd: '/' })
}

/** Reads a program's output and waits for its end. */
export async function finishProcess(
  process: SandboxProcess,
): Promise<{ readonly output: string; readonly exit: Awaited<SandboxProcess['exit']> }> {
  return { output: await readAll(process.output), exit: await process.exit }
}

async function readAll(output: Readable): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of output) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

/** Reads output until it contains `text`. */
export async function outputWith(
  sandbox: { readonly output: Readable },
  text: string,
): Promise<string> {
  let seen = ''
  return new Promise((resolve, reject) => {
    sandbox.output.on('data', (chunk: Buffer) => {
      seen += chunk.toString()
      if (seen.includes(text)) resolve(seen)
    })
    sandbox.output.on('end', () => reject(new Error(`the output ended without ${text}: ${seen}`)))
  })
}
