import type { Writable } from 'node:stream'
import type { PullProgress } from '../../runner/images/types.js'
import { formatBytes } from '../terminal/duration.js'

/** Between two changes of the line, in milliseconds; at a terminal, and elsewhere. */
const FRAME_MS = 100
const LINE_MS = 5000
const BAR_WIDTH = 24

export interface PullViewOptions {
  readonly stream: Writable
  /** Columns of the terminal; null: it is none. */
  readonly columns: number | null
  readonly now: () => number
}

/** Shows how far a pull is: one line that changes at a terminal, elsewhere a line now and then. */
export class PullView {
  readonly #options: PullViewOptions
  readonly #name: string
  #shownAt = -Infinity
  #isDrawn = false

  constructor(name: string, options: PullViewOptions) {
    this.#name = name
    this.#options = options
  }

  readonly progress = (progress: PullProgress): void => {
    const { columns, now } = this.#options
    const isOver = progress.layersDone === progress.layers
    if (now() - this.#shownAt < (columns === null ? LINE_MS : FRAME_MS) && !isOver) return
    this.#shownAt = now()
    const text = describe(progress)
    if (columns === null) this.#options.stream.write(`${this.#name}: ${text}\n`)
    // The name is last: of a narrow line it is what can be missed.
    else this.#draw(`${bar(progress)} ${text}  ${this.#name}`.slice(0, columns - 1))
  }

  readonly say = (text: string): void => {
    this.clear()
    this.#options.stream.write(`${text}\n`)
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#isDrawn) this.#options.stream.write('\r\x1b[K')
    this.#isDrawn = false
  }

  #draw(line: string): void {
    this.#options.stream.write(`\r\x1b[K${line}`)
    this.#isDrawn = true
  }
}

function describe({ layers, layersDone, bytes, bytesDone }: PullProgress): string {
  return `${layersDone}/${layers} layers, ${formatBytes(bytesDone)} of ${formatBytes(bytes)}`
}

function bar({ bytes, bytesDone }: PullProgress): string {
  const done = bytes === 0 ? BAR_WIDTH : Math.floor((BAR_WIDTH * bytesDone) / bytes)
  return `[${'#'.repeat(done)}${' '.repeat(BAR_WIDTH - done)}]`
}
