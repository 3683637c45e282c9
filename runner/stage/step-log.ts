import { LOG_STREAMS, type LogSection, type LogStream } from '../../protocol/log-record.js'
import { newMarkSecret, SectionMarks, type SectionMark } from './section-marks.js'
import { StreamOrder } from './stream-order.js'
import { systemMessage } from './system-message.js'

const NEWLINE = 0x0a

/** Takes output; a promise means: not more of that stream until it resolves. */
export type WriteOutput = (data: Buffer, stream: LogStream) => Promise<void> | undefined

interface Output {
  readonly marks: SectionMarks
  isMidLine: boolean
}

/** The log of one step: what the step prints, and lines of the runner's own between. */
export class StepLog {
  readonly #write: WriteOutput
  readonly #begin: (section: LogSection) => void
  /** What the step's script marks the begin of its commands with. */
  readonly markSecret = newMarkSecret()
  readonly #outputs: Readonly<Record<LogStream, Output>> = {
    stdout: { marks: new SectionMarks(this.markSecret), isMidLine: false },
    stderr: { marks: new SectionMarks(this.markSecret), isMidLine: false },
  }
  #order: StreamOrder

  /** `begin` is told when a command begins: what is written then is its first line. */
  constructor(write: WriteOutput, begin: (section: LogSection) => void = () => undefined) {
    this.#write = write
    this.#begin = begin
    this.#order = new StreamOrder(begin)
  }

  /** A program is started whose output is the step's. */
  restart(): void {
    this.#order = new StreamOrder(this.#begin)
  }

  /** What the step printed. */
  readonly write: WriteOutput = (data, stream) => {
    this.#order.heard()
    return this.#pass(this.#outputs[stream].marks.take(data), stream)
  }

  /** One of the program's outputs has ended: the other has nothing to wait for. */
  readonly end = async (stream: LogStream): Promise<void> => {
    this.#order.giveUp()
    await this.#flush(stream)
  }

  /** A line of the runner's own, never in the middle of one of the step's. */
  async say(text: string): Promise<void> {
    for (const stream of LOG_STREAMS) {
      await this.#flush(stream)
      if (this.#outputs[stream].isMidLine) await this.#put(Buffer.from('\n'), stream)
    }
    await this.#put(systemMessage(text), 'stdout')
  }

  /** What the step printed last may have looked like more to come. */
  async #flush(stream: LogStream): Promise<void> {
    await this.#put(this.#outputs[stream].marks.flush(), stream)
  }

  /** As far as nothing has to be waited for at once, the rest later. */
  #pass(parts: Iterator<Buffer | SectionMark>, stream: LogStream): Promise<void> | undefined {
    for (let next = parts.next(); next.done !== true; next = parts.next()) {
      if (!Buffer.isBuffer(next.value)) {
        this.#order.mark(stream, next.value)
        continue
      }
      const wait = this.#order.isAhead(stream)
        ? this.#putInOrder(next.value, stream)
        : this.#put(next.value, stream)
      if (wait) return wait.then(() => this.#pass(parts, stream))
    }
    return undefined
  }

  async #putInOrder(data: Buffer, stream: LogStream): Promise<void> {
    while (this.#order.isAhead(stream)) await this.#order.awaited()
    await this.#put(data, stream)
  }

  readonly #put: WriteOutput = (data, stream) => {
    if (data.length === 0) return undefined
    this.#outputs[stream].isMidLine = data.at(-1) !== NEWLINE
    return this.#write(data, stream)
  }
}
