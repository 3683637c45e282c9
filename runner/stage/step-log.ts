import type { LogSection } from '../../protocol/log-record.js'
import { SectionMarks } from './section-marks.js'
import { systemMessage } from './system-message.js'

const NEWLINE = 0x0a

/** Takes output; a promise means: not more until it resolves. */
export type WriteOutput = (data: Buffer) => Promise<void> | undefined

/** The log of one step: what the step prints, and lines of the runner's own between. */
export class StepLog {
  readonly #write: WriteOutput
  readonly #begin: ((section: LogSection) => void) | undefined
  readonly #marks = new SectionMarks()
  #isMidLine = false

  /** `begin` is told when a command begins: what is written then is its first line. */
  constructor(write: WriteOutput, begin?: (section: LogSection) => void) {
    this.#write = write
    this.#begin = begin
  }

  /** What the step's script marks the begin of its commands with. */
  get markSecret(): string {
    return this.#marks.secret
  }

  /** What the step printed. */
  readonly write: WriteOutput = (data) => {
    let full: Promise<void> | undefined
    for (const part of this.#marks.take(data)) {
      if (Buffer.isBuffer(part)) full = this.#put(part)
      else this.#begin?.(part)
    }
    return full
  }

  /** What the step printed last may have looked like more to come: nothing more does. */
  flush(): Promise<void> | undefined {
    const held = this.#marks.flush()
    return held.length === 0 ? undefined : this.#put(held)
  }

  /** A line of the runner's own, never in the middle of one of the step's. */
  async say(text: string): Promise<void> {
    await this.flush()
    const line = systemMessage(text)
    await this.#put(this.#isMidLine ? Buffer.concat([Buffer.from('\n'), line]) : line)
  }

  readonly #put: WriteOutput = (data) => {
    if (data.length > 0) this.#isMidLine = data.at(-1) !== NEWLINE
    return this.#write(data)
  }
}
