import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { CgroupDirectory } from './cgroup/plan.js'
import { removeCgroup, removeCgroupsIn } from './cgroup/remove.js'
import { toSample } from './cgroup/samples.js'
import { parseUsage } from './cgroup/usage.js'
import type { Connection, SandboxObserver, StartedRequest } from './connection.js'
import { Deferred } from './deferred.js'
import { goneError, systemError } from './error.js'
import { startExec } from './exec.js'
import { destroyOutputs } from './output.js'
import type {
  ExecSpec,
  Sandbox,
  SandboxExit,
  SandboxProcess,
  SandboxSpec,
  UsageSample,
} from './types.js'
import { REQUEST } from './wire/frame.js'
import type { ExitReport, UsageReport } from './wire/reply.js'
import { encodeNumber, encodeStart } from './wire/request.js'
import { unpackStatus } from './wire/status.js'

const SIGKILL = 9
const SIGTERM = 15

/** A sandbox that runs, and when nothing of it is left. */
export interface StartedSandbox {
  readonly sandbox: Sandbox
  /** Resolves when its mounts and cgroups are gone; rejects when a cgroup could not be removed. */
  readonly cleaned: Promise<void>
}

/**
 * Starts a sandbox in a stage that exists. The specification must have been checked.
 * @throws NativeError naming the call that failed; nothing is left then.
 */
export async function startSandbox(
  connection: Connection,
  stageId: number,
  spec: SandboxSpec,
  cgroups: readonly CgroupDirectory[],
): Promise<StartedSandbox> {
  const ending = new Ending(spec, cgroups)
  const request = encodeStart(stageId, spec, cgroups)
  const start = connection.start(REQUEST.start, request, ending, spec.separateErrors === true)
  try {
    const pid = await start.started
    const exit = ending.exit.promise
    const sandbox = new RunningSandbox(connection, start, spec.name, pid, exit)
    return { sandbox, cleaned: ending.clean.promise }
  } catch (error) {
    destroyOutputs(start.outputs)
    await ending.clean.promise.catch(() => undefined)
    throw error
  }
}

/** Turns what is told about a sandbox into samples, and about its end into its promises. */
class Ending implements SandboxObserver {
  readonly exit = new Deferred<SandboxExit>()
  readonly clean = new Deferred<void>()
  readonly #spec: Pick<SandboxSpec, 'name' | 'onUsage'>
  readonly #cgroups: readonly CgroupDirectory[]

  constructor(spec: Pick<SandboxSpec, 'name' | 'onUsage'>, cgroups: readonly CgroupDirectory[]) {
    this.#spec = spec
    this.#cgroups = cgroups
  }

  used(report: UsageReport): void {
    const sample = toSample(this.#cgroups, report.numbers)
    this.#spec.onUsage?.({
      ...sample,
      ...ioBytes(sample, report),
      ...report.network,
      atMs: toMs(report.atNs),
      layerBytes: report.layer?.bytes,
      workspaceBytes: report.workspaceLayer?.bytes,
    })
  }

  exited(report: ExitReport): void {
    this.exit.resolve(toExit(report, this.#cgroups))
  }

  cleaned(leftCgroup: string | null): void {
    if (leftCgroup === null) this.clean.resolve()
    else this.#removeLeft(leftCgroup).then(this.clean.resolve, this.clean.reject)
  }

  gone(): void {
    const gone = (): void =>
      this.exit.reject(goneError(`sandbox ${this.#spec.name} was killed with it`))
    this.#removeAll().then(this.clean.resolve, this.clean.reject).finally(gone)
  }

  async #removeLeft(name: string): Promise<void> {
    await Promise.all(this.#cgroups.map(({ directory }) => removeCgroup(join(directory, name))))
  }

  /** Every sandbox of the launcher is gone with it. */
  async #removeAll(): Promise<void> {
    await Promise.all(this.#cgroups.map(({ directory }) => removeCgroupsIn(directory)))
  }
}

class RunningSandbox implements Sandbox {
  readonly #connection: Connection
  readonly #id: number
  readonly output: Readable
  readonly errors: Readable | null

  constructor(
    connection: Connection,
    { id, outputs }: StartedRequest,
    readonly name: string,
    readonly pid: number,
    readonly exit: Promise<SandboxExit>,
  ) {
    this.#connection = connection
    this.#id = id
    this.output = outputs.output
    this.errors = outputs.errors
  }

  exec(spec: ExecSpec): Promise<SandboxProcess> {
    return startExec(this.#connection, this.#id, spec)
  }

  terminate(): void {
    this.#connection.tell(REQUEST.signal, this.#id, encodeNumber(SIGTERM))
  }

  kill(): void {
    this.#connection.tell(REQUEST.signal, this.#id, encodeNumber(SIGKILL))
  }
}

/** The end of a sandbox; an init that was killed from outside counts as SIGKILL of the program. */
function toExit(report: ExitReport, cgroups: readonly CgroupDirectory[]): SandboxExit {
  const { cpuMs, ...usage } = parseUsage(cgroups, report.cgroupFiles)
  return {
    ...unpackStatus(report.waitStatus ?? SIGKILL),
    ...usage,
    ...ioBytes(usage, report),
    ...report.network,
    cpuMs: cpuMs ?? report.cpuUs / 1_000,
    wallMs: toMs(report.wallNs),
    layer: report.layer,
    workspaceLayer: report.workspaceLayer,
    outputFile: toContent(report.outputFile),
  }
}

function toContent(told: ExitReport['outputFile']): SandboxExit['outputFile'] {
  return told === null || Buffer.isBuffer(told) ? told : systemError(told)
}

/** Each misses something: cgroups what is written later, processes those that were never waited for. */
function ioBytes(
  cgroup: Pick<UsageSample, 'ioReadBytes' | 'ioWriteBytes'>,
  processes: Pick<UsageReport, 'readBytes' | 'writtenBytes'>,
): { readonly ioReadBytes: number; readonly ioWriteBytes: number } {
  return {
    ioReadBytes: Math.max(cgroup.ioReadBytes ?? 0, processes.readBytes),
    ioWriteBytes: Math.max(cgroup.ioWriteBytes ?? 0, processes.writtenBytes),
  }
}

function toMs(ns: number): number {
  return ns / 1_000_000
}
