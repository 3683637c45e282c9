import { median } from '../stats.js'

/** Times phases by the name of who goes through them. */
export class Stopwatch {
  readonly #samples = new Map<string, Map<string, number[]>>()
  #isOn = false

  /** Nothing is kept before this. */
  start(): void {
    this.#isOn = true
  }

  stop(): void {
    this.#isOn = false
  }

  async time<T>(who: string, phase: string, action: () => Promise<T>): Promise<T> {
    const since = performance.now()
    const result = await action()
    this.add(who, phase, performance.now() - since)
    return result
  }

  /** A phase that was timed elsewhere. */
  add(who: string, phase: string, ms: number): void {
    if (!this.#isOn) return
    const phases = this.#samples.get(who) ?? new Map<string, number[]>()
    this.#samples.set(who, phases)
    const samples = phases.get(phase) ?? []
    phases.set(phase, samples)
    samples.push(ms)
  }

  /** Medians in milliseconds, in the order in which the phases came. */
  phasesOf(who: string): readonly { readonly phase: string; readonly ms: number }[] {
    const phases = this.#samples.get(who) ?? new Map<string, number[]>()
    return [...phases].map(([phase, samples]) => ({ phase, ms: median(samples) }))
  }
}
