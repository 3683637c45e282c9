import type { Sandbox } from '../../native/lib/types.js'
import { armDeadline } from './deadline.js'
import type { StopReason } from './verdict.js'

/**
 * Ends one step: asks it, and after the grace time kills it. May be told to before the sandbox is
 * there. The first reason counts.
 */
export class StepStop {
  readonly #graceMs: number
  readonly #controller = new AbortController()
  #sandbox: Sandbox | null = null
  #reason: StopReason | null = null
  #isUrgent = false
  #timer: NodeJS.Timeout | null = null
  #next: StepStop | null = null

  constructor(graceMs: number) {
    this.#graceMs = graceMs
  }

  get reason(): StopReason | null {
    return this.#reason
  }

  /** Aborted by the first stop; for work that is no sandbox. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** The sandbox to end; at once if the order is older than it. */
  attach(sandbox: Sandbox): void {
    this.#sandbox = sandbox
    if (this.#reason) this.#act()
  }

  /** `urgent`: without asking first. */
  stop(reason: StopReason, options: { urgent?: boolean } = {}): void {
    const isNews = this.#reason === null || (options.urgent === true && !this.#isUrgent)
    this.#reason ??= reason
    this.#isUrgent ||= options.urgent === true
    this.#controller.abort()
    if (isNews) this.#act()
    this.#next?.stop(reason, options)
  }

  /** The stop of one try: what ends the step ends it, what ends it does not end the step. */
  forTry(): StepStop {
    const next = new StepStop(this.#graceMs)
    this.#next = next
    if (this.#reason) next.stop(this.#reason, { urgent: this.#isUrgent })
    return next
  }

  /** The step has ended by whatever means. */
  done(): void {
    this.#sandbox = null
    if (this.#timer) clearTimeout(this.#timer)
  }

  #act(): void {
    const sandbox = this.#sandbox
    if (!sandbox) return
    if (this.#isUrgent) {
      sandbox.kill()
      return
    }
    sandbox.terminate()
    this.#timer = armDeadline(this.#graceMs, () => sandbox.kill())
  }
}
