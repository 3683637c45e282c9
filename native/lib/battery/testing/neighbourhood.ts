import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { buildDirectory } from '../../addon.js'
import { finish, outputWith, type TestSandboxes } from '../../testing/sandboxes.js'
import type { Sandbox, Stage } from '../../types.js'
import type { Facts } from '../row.js'

/** What a step must not reach, made by the test itself. */
export interface Neighbourhood {
  readonly facts: Facts
  close(): Promise<void>
}

/** Makes servers and shared memory on the host, and sandboxes in the stage and in another. */
export async function makeNeighbourhood(sandboxes: TestSandboxes): Promise<Neighbourhood> {
  const name = `sandpiper-test-${process.pid}-${sandboxes.launcher.pid}`
  const abstract = await listen((server) => server.listen(`\0${name}`))
  const local = await listen((server) => server.listen(0, '127.0.0.1'))
  const memory = await makeSharedMemory()
  const other = await sandboxes.makeStage()
  const sibling = await startWaiting(sandboxes, sandboxes.stage)
  const stranger = await startWaiting(sandboxes, other)
  const facts: Facts = {
    HOSTNAME: hostname(),
    PROCESS: process.pid,
    SIBLING: await programOf(sibling),
    STRANGER: await programOf(stranger),
    PORT: (local.address() as { port: number }).port,
    ABSTRACT: name,
    MEMORY: memory,
  }
  return {
    facts,
    close: async () => {
      for (const sandbox of [sibling, stranger]) sandbox.kill()
      await Promise.all([finish(sibling), finish(stranger)])
      await attempt(`remove-shared-memory:${memory}`)
      for (const server of [abstract, local]) server.close()
    },
  }
}

async function listen(start: (server: Server) => void): Promise<Server> {
  const server = createServer((socket) => socket.destroy())
  start(server)
  await once(server, 'listening')
  return server
}

async function makeSharedMemory(): Promise<number> {
  return Number(/number (\d+)/.exec(await attempt('make-shared-memory'))?.[1])
}

/** On the host. */
async function attempt(what: string): Promise<string> {
  const { stdout } = await promisify(execFile)(join(buildDirectory(), 'attempt'), [what])
  return stdout
}

async function startWaiting(sandboxes: TestSandboxes, stage: Stage): Promise<Sandbox> {
  const sandbox = await stage.start(await sandboxes.specOf('echo up; exec sleep 1000'))
  await outputWith(sandbox, 'up')
  return sandbox
}

/** The program's own process, as the host knows it. */
async function programOf({ pid }: Sandbox): Promise<number> {
  return Number.parseInt(await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8'))
}
