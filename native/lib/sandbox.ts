import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import type { CgroupDirectory } from './cgroup/plan.js'
import { removeCgroup } from './cgroup/remove.js'
import { type CgroupUsage, parseUsage } from './cgroup/usage.js'
import type { Connection } from './connection.js'
import { goneError } from './error.js'
import type { Sandbox, SandboxExit, SandboxSpec } from './types.js'
import { REQUEST } from './wire/frame.js'
import type { ExitReport } from './wire/reply.js'
import { encodeNumber, encodeStart } from './wire/request.js'

const SIGKILL = 9
const SIGTERM = 15
/** How waitpid(2) packs a status. */
const SIGNAL_MASK = 0x7f
const CODE_SHIFT = 8

/**
 * Starts a sandbox in a stage that exists. The specification must have been checked.
 * @throws NativeError naming the call that failed; nothing is left then.
 */
export async function startSandbox(
  connection: Connection,
  stageId: number,
  spec: SandboxSpec,
  cgroups: readonly CgroupDirectory[],
): Promise<Sandbox> {
  const exit = new Deferred<SandboxExit>()
  const onExit = (report: ExitReport | null): void => {
    conclude(spec.name, cgroups, report).then(exit.resolve, exit.reject)
  }
  const start = connection.start(REQUEST.start, encodeStart(stageId, spec, cgroups), onExit)
  const output = openOutput(start.output)
  try {
    const pid = await start.started
    return new RunningSandbox(connection, start.id, spec.name, pid, output, exit.promise)
  } catch (error) {
    output.destroy()
    // Its cgroups are gone only then.
    await exit.promise.catch(() => undefined)
    throw error
  }
}

class RunningSandbox implements Sandbox {
  readonly #connection: Connection
  readonly #id: number

  constructor(
    connection: Connection,
    id: number,
    readonly name: string,
    readonly pid: number,
    readonly output: Readable,
    readonly exit: Promise<SandboxExit>,
  ) {
    this.#connection = connection
    this.#id = id
  }

  terminate(): void {
    this.#connection.tell(REQUEST.signal, this.#id, encodeNumber(SIGTERM))
  }

  kill(): void {
    this.#connection.tell(REQUEST.signal, this.#id, encodeNumber(SIGKILL))
  }
}

/** A pipe's read end as a stream: watched by the event loop, never read in a thread. */
function openOutput(fd: number): Readable {
  return new Socket({ fd, readable: true, writable: false })
}

async function conclude(
  name: string,
  cgroups: readonly CgroupDirectory[],
  report: ExitReport | null,
): Promise<SandboxExit> {
  if (report?.cgroupsRemoved !== true) {
    await Promise.all(cgroups.map((cgroup) => removeCgroup(cgroup.directory)))
  }
  if (report === null) throw goneError(`sandbox ${name} was killed with it`)
  return toExit(report, parseUsage(cgroups, report.cgroupFiles))
}

/** The end of a sandbox; an init that was killed from outside counts as SIGKILL of the program. */
function toExit(report: ExitReport, usage: CgroupUsage): SandboxExit {
  const status = report.waitStatus ?? SIGKILL
  const signal = status & SIGNAL_MASK
  return {
    code: signal === 0 ? (status >> CODE_SHIFT) & 0xff : null,
    signal: signal === 0 ? null : signal,
    oomKills: usage.oomKills,
    pidsRefused: usage.pidsRefused,
    cpuMs: usage.cpuMs ?? report.cpuUs / 1_000,
    memoryPeakBytes: usage.memoryPeakBytes,
    wallMs: Number(report.wallNs) / 1_000_000,
  }
}

/** A promise that is settled from outside, and whose rejection need not be looked at. */
class Deferred<T> {
  resolve: (value: T) => void = () => undefined
  reject: (error: unknown) => void = () => undefined
  readonly promise = new Promise<T>((resolve, reject) => {
    this.resolve = resolve
    this.reject = reject
  })

  constructor() {
    this.promise.catch(() => undefined)
  }
}
