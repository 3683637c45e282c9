import { type LauncherLink, loadAddon } from './addon.js'
import { fromAddon, goneError, NativeError, systemError } from './error.js'
import { decodeReply, type ExitReport, type LauncherReply } from './wire/reply.js'

/** A request's answer: the process id for a start, else nothing. */
type Answer = { readonly resolve: (pid: number) => void; readonly reject: (error: Error) => void }

/** What the connection tells about a sandbox after its start was answered. */
export type OnExit = (report: ExitReport | null) => void

/**
 * The conversation with one launcher process: requests get numbers, replies find their request.
 * When the process ends, open requests are rejected and open sandboxes are told null.
 */
export class Connection {
  readonly closed: Promise<void>
  readonly #link: LauncherLink
  readonly #answers = new Map<number, Answer>()
  readonly #exits = new Map<number, OnExit>()
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
    callAddon(() => this.#link.send(type, id, payload))
    await this.#answer(id)
    return id
  }

  /**
   * Sends a start request with a new pipe. The output descriptor is the caller's at once; `started`
   * resolves with the host process id of the init; `onExit` is called once, if it was started.
   */
  start(
    type: number,
    payload: Uint8Array,
    onExit: OnExit,
  ): { readonly id: number; readonly output: number; readonly started: Promise<number> } {
    if (this.#ended) throw goneError('no more requests')
    const id = this.#nextId()
    const output = callAddon(() => this.#link.sendWithOutput(type, id, payload))
    this.#exits.set(id, onExit)
    return { id, output, started: this.#answer(id) }
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
    if (reply.kind === 'exited') {
      this.#onExited(reply.id, reply.report)
      return
    }
    const answer = this.#answers.get(reply.id)
    this.#answers.delete(reply.id)
    if (reply.kind === 'failed') answer?.reject(systemError(reply.failure))
    else answer?.resolve(reply.kind === 'started' ? reply.pid : 0)
  }

  #onExited(id: number, report: ExitReport): void {
    // A start that was never answered: the init was killed while it prepared.
    this.#answers
      .get(id)
      ?.reject(new NativeError('SP_NATIVE_KILLED', 'killed while it was starting'))
    this.#answers.delete(id)
    const onExit = this.#exits.get(id)
    this.#exits.delete(id)
    onExit?.(report)
  }

  #onEnd(): void {
    this.#ended = true
    for (const answer of this.#answers.values()) answer.reject(goneError('a request was open'))
    this.#answers.clear()
    const exits = [...this.#exits.values()]
    this.#exits.clear()
    for (const onExit of exits) onExit(null)
  }
}

function callAddon<T>(call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw fromAddon(error)
  }
}
