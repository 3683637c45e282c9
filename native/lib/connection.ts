import { type LauncherLink, loadAddon } from './addon.js'
import { fromAddon, goneError, NativeError, systemError } from './error.js'
import { openOutputs, type Outputs } from './output.js'
import { REQUEST } from './wire/frame.js'
import { decodeReply, type ExitReport, type LauncherReply, type UsageReport } from './wire/reply.js'

/** A request's answer: the process id for a start, else nothing. */
type Answer = { readonly resolve: (pid: number) => void; readonly reject: (error: Error) => void }

const BROKEN: ReadonlySet<string> = new Set(['EPIPE', 'ECONNRESET', 'ENOTCONN'])

/** What is told about a sandbox once its start was sent: `exited`, then `cleaned`; or `gone`. */
export interface SandboxObserver {
  /** What it has used so far; comes before `exited`, and only to one that asked for it. */
  used(report: UsageReport): void
  exited(report: ExitReport): void
  cleaned(leftCgroup: string | null): void
  /** The launcher ended before `cleaned`, and every sandbox with it. */
  gone(): void
}

/** What is told about a program that was started by an exec: one of these, once. */
export interface ExecObserver {
  /** With the status as waitpid(2) gives it. */
  ended(waitStatus: number): void
  /** The launcher ended first, and the sandbox with it. */
  gone(): void
}

/** A request with pipes. `started` resolves with the host process id of what was started. */
export interface StartedRequest {
  readonly id: number
  /** The pipes' read ends: the caller's at once. */
  readonly outputs: Outputs
  readonly started: Promise<number>
}

/**
 * The conversation with one launcher process: requests get numbers, replies find their request.
 * When the process ends, open requests are rejected and observers told.
 */
export class Connection {
  readonly closed: Promise<void>
  readonly #link: LauncherLink
  readonly #answers = new Map<number, Answer>()
  readonly #observers = new Map<number, SandboxObserver>()
  readonly #execs = new Map<number, ExecObserver>()
  #lastId = 0
  #ended = false

  /** @throws NativeError when the process can't be started. */
  constructor(launcherPath: string) {
    let onClosed: () => void = () => undefined
    this.closed = new Promise((resolve) => {
      onClosed = resolve
    })
    const { LauncherLink: Link } = loadAddon()
    this.#link = callAddon(
      () =>
        new Link(
          launcherPath,
          (frame) => this.#onReply(decodeReply(frame)),
          () => {
            this.#onEnd()
            onClosed()
          },
        ),
    )
  }

  get pid(): number {
    return this.#link.pid
  }

  /** Sends a request. @returns its number, by which the stage it makes is known. */
  async request(type: number, payload: Uint8Array): Promise<number> {
    if (this.#ended) throw goneError('no more requests')
    const id = this.#nextId()
    this.#callLink(() => this.#link.send(type, id, payload))
    await this.#answer(id)
    return id
  }

  /**
   * Sends a start request with new pipes, one of its own for standard error if `separate`: `started` is the
   * sandbox's init. The observer is told also about a failed start.
   */
  start(
    type: number,
    payload: Uint8Array,
    observer: SandboxObserver,
    separate: boolean,
  ): StartedRequest {
    const request = this.#sendWithOutputs(type, payload, separate ? 2 : 1)
    this.#observers.set(request.id, observer)
    return request
  }

  /** Sends an exec or a tool request with a new pipe. The observer is told nothing about one that fails. */
  exec(
    payload: Uint8Array,
    observer: ExecObserver,
    type: typeof REQUEST.exec | typeof REQUEST.runTool = REQUEST.exec,
  ): StartedRequest {
    const request = this.#sendWithOutputs(type, payload, 1)
    this.#execs.set(request.id, observer)
    return request
  }

  /** Sends a message about a sandbox that is not answered. Nothing happens when the launcher is gone. */
  tell(type: number, id: number, payload: Uint8Array): void {
    if (this.#ended) return
    try {
      this.#link.send(type, id, payload)
    } catch {
      // It is ending: that kills every sandbox.
    }
  }

  /** Closes the socket: the launcher kills what still runs and ends. */
  end(): void {
    this.#link.close()
  }

  #sendWithOutputs(type: number, payload: Uint8Array, pipes: number): StartedRequest {
    if (this.#ended) throw goneError('no more requests')
    const id = this.#nextId()
    const fds = this.#callLink(() => this.#link.sendWithOutputs(type, id, payload, pipes))
    return { id, outputs: openOutputs(fds), started: this.#answer(id) }
  }

  /** A socket without a launcher at its other end is the launcher's end, only not told yet. */
  #callLink<T>(call: () => T): T {
    try {
      return callAddon(call)
    } catch (error) {
      const broken = error instanceof NativeError && BROKEN.has(error.code)
      throw broken ? goneError('no more requests') : error
    }
  }

  #nextId(): number {
    this.#lastId += 1
    return this.#lastId
  }

  #answer(id: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#answers.set(id, { resolve, reject })
    })
  }

  #onReply(reply: LauncherReply): void {
    switch (reply.kind) {
      case 'done':
        this.#settle(reply.id, (answer) => answer.resolve(0))
        break
      case 'started':
        this.#settle(reply.id, (answer) => answer.resolve(reply.pid))
        break
      case 'failed':
        this.#execs.delete(reply.id)
        this.#settle(reply.id, (answer) => answer.reject(systemError(reply.failure)))
        break
      case 'ended':
        this.#execs.get(reply.id)?.ended(reply.waitStatus)
        this.#execs.delete(reply.id)
        break
      case 'usage':
        for (const report of reply.reports) this.#observers.get(report.id)?.used(report)
        break
      case 'exited':
        // A start that was never answered: the init was killed while it prepared.
        this.#settle(reply.id, (answer) => answer.reject(killedError()))
        this.#observers.get(reply.id)?.exited(reply.report)
        break
      case 'cleaned':
        this.#observers.get(reply.id)?.cleaned(reply.leftCgroup)
        this.#observers.delete(reply.id)
    }
  }

  #settle(id: number, how: (answer: Answer) => void): void {
    const answer = this.#answers.get(id)
    this.#answers.delete(id)
    if (answer) how(answer)
  }

  #onEnd(): void {
    this.#ended = true
    for (const answer of this.#answers.values()) answer.reject(goneError('a request was open'))
    this.#answers.clear()
    const observers = [...this.#execs.values(), ...this.#observers.values()]
    this.#execs.clear()
    this.#observers.clear()
    for (const observer of observers) observer.gone()
  }
}

function killedError(): NativeError {
  return new NativeError('SP_NATIVE_KILLED', 'the sandbox was killed while it was starting')
}

function callAddon<T>(call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw fromAddon(error)
  }
}
