import type { PullProgress } from '../images/types.js'
import { formatBytes, formatElapsed } from './format.js'

/** Between two lines of how far a pull is, in milliseconds. */
const LINE_MS = 5000

/** Tells a pull in lines for the logs of the steps that wait for it: its begin, how far it is, its end. */
export class PullLog {
  readonly #name: string
  readonly #listeners = new Set<(text: string) => void>()
  readonly #startedMs = Date.now()
  readonly #warnings: string[] = []
  #lastMs = 0
  #latest: PullProgress | null = null

  constructor(name: string) {
    this.#name = name
  }

  /** @returns what ends it */
  listen(say: (text: string) => void): () => void {
    this.#listeners.add(say)
    for (const warning of this.#warnings) say(warning)
    if (this.#latest !== null) say(this.#begin(this.#latest))
    return () => this.#listeners.delete(say)
  }

  readonly say = (text: string): void => {
    for (const listener of this.#listeners) listener(text)
  }

  /** For everybody who listens, also later. */
  warn(text: string): void {
    this.#warnings.push(`warning: ${text}`)
    this.say(`warning: ${text}`)
  }

  readonly onProgress = (progress: PullProgress): void => {
    const isFirst = this.#latest === null
    this.#latest = progress
    const now = Date.now()
    if (isFirst) this.say(this.#begin(progress))
    else if (now - this.#lastMs < LINE_MS || progress.layersDone === progress.layers) return
    else this.say(`pulling ${this.#name}: ${howFar(progress)}`)
    this.#lastMs = now
  }

  /** To be called when the image is there. Nothing is said where nothing was pulled. */
  done(): void {
    if (this.#latest === null) return
    this.say(`pulled ${this.#name} in ${formatElapsed(Date.now() - this.#startedMs)}`)
  }

  #begin({ layers, bytes }: PullProgress): string {
    const count = layers === 1 ? '1 layer' : `${layers} layers`
    return `pulling ${this.#name}: ${count}, ${formatBytes(bytes)}`
  }
}

function howFar({ layers, layersDone, bytes, bytesDone }: PullProgress): string {
  return `${layersDone} of ${layers} layers, ${formatBytes(bytesDone)} of ${formatBytes(bytes)}`
}
