import { systemMessage } from './system-message.js'

const NEWLINE = 0x0a

/** Takes output; a promise means: not more until it resolves. */
export type WriteOutput = (data: Buffer) => Promise<void> | undefined

/** The log of one step: what the step prints, and lines of the runner's own between. */
export class StepLog {
  readonly #write: WriteOutput
  #isMidLine = false

  constructor(write: WriteOutput) {
    this.#write = write
  }

  /** What the step printed. */
  readonly write: WriteOutput = (data) => {
    if (data.length > 0) this.#isMidLine = data.at(-1) !== NEWLINE
    return this.#write(data)
  }

  /** A line of the runner's own, never in the middle of one of the step's. */
  async say(text: string): Promise<void> {
    const line = systemMessage(text)
    await this.write(this.#isMidLine ? Buffer.concat([Buffer.from('\n'), line]) : line)
  }
}
