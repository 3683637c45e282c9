import type { Readable } from 'node:stream'
import type { Sandbox } from '../../native/lib/types.js'
import type { LogStream } from '../../protocol/log-record.js'
import type { StepLimits } from '../config.js'
import { OutputMeter } from './output-meter.js'
import { readOutput } from './read-output.js'
import { formatBytes } from './format.js'
import type { StepLog } from './step-log.js'

export interface PumpOptions {
  readonly log: Pick<StepLog, 'write' | 'end'>
  readonly limits: StepLimits
  /** Counts what several programs print together; default one of its own. */
  readonly meter?: OutputMeter
  /** Called once, with the limit in words, when the step has printed too much. */
  readonly onLimit: (limit: string) => void
  /** Called once when the output can't be taken any more. */
  readonly onFailure: (error: unknown) => void
}

/**
 * Moves what a sandbox prints to the log until its end (see readOutput). While the log is full, or the other output has
 * to come first, nothing is read, so the pipe fills and the step waits. What comes after a breached limit or a failure
 * is read and dropped: the step must be able to end.
 */
export async function pumpOutput(
  sandbox: Pick<Sandbox, 'output' | 'errors' | 'exit'>,
  options: PumpOptions,
): Promise<void> {
  const pump = new Pump(options)
  const { output, errors, exit } = sandbox
  const pumped = [pump.move(output, 'stdout', exit)]
  if (errors) pumped.push(pump.move(errors, 'stderr', exit))
  await Promise.all(pumped)
}

class Pump {
  readonly #options: PumpOptions
  readonly #meter: OutputMeter
  #isDropping = false

  constructor(options: PumpOptions) {
    this.#options = options
    this.#meter = options.meter ?? new OutputMeter(options.limits)
  }

  async move(output: Readable, stream: LogStream, ended: Promise<unknown>): Promise<void> {
    for await (const chunk of readOutput(output, ended)) {
      if (!this.#isDropping) await this.#take(chunk, stream)
    }
    await this.#try(() => this.#options.log.end(stream))
  }

  /** A limit is told before the log has taken what is within it: that may have to wait. */
  #take(chunk: Buffer, stream: LogStream): Promise<void> {
    const taken = chunk.subarray(0, this.#meter.take(chunk))
    const { limits, log, onLimit } = this.#options
    const breached = this.#meter.breached
    const full = this.#try(() => log.write(taken, stream))
    if (breached && !this.#isDropping) {
      this.#isDropping = true
      onLimit(limitText(breached, limits))
    }
    return full
  }

  async #try(work: () => Promise<void> | undefined): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (!this.#isDropping) this.#options.onFailure(error)
      this.#isDropping = true
    }
  }
}

function limitText(breached: 'bytes' | 'lines', limits: StepLimits): string {
  return breached === 'bytes' ? formatBytes(limits.outputBytes) : `${limits.outputLines} lines`
}
