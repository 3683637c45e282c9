import type { Readable } from 'node:stream'
import type { StepLimits } from '../config.js'
import { OutputMeter } from './output-meter.js'
import { readOutput } from './read-output.js'
import { formatBytes } from './format.js'
import type { WriteOutput } from './step-log.js'

export interface PumpOptions {
  /** Settles when every process of the step is dead; what is in the pipe then is the last. */
  readonly ended: Promise<unknown>
  readonly write: WriteOutput
  readonly limits: StepLimits
  /** Counts what several outputs print together; default one of its own. */
  readonly meter?: OutputMeter
  /** Called once, with the limit in words, when the step has printed too much. */
  readonly onLimit: (limit: string) => void
  /** Called once when the output can't be taken any more. */
  readonly onFailure: (error: unknown) => void
}

/**
 * Moves a step's output to the sink until its end (see readOutput). While the sink is full nothing is
 * read, so the step's pipe fills and the step waits. What comes after a breached limit or a failure is
 * read and dropped: the step must be able to end.
 */
export async function pumpOutput(output: Readable, options: PumpOptions): Promise<void> {
  const meter = options.meter ?? new OutputMeter(options.limits)
  let isDropping = false
  for await (const chunk of readOutput(output, options.ended)) {
    if (isDropping) continue
    const taken = chunk.subarray(0, meter.take(chunk))
    try {
      const full = options.write(taken)
      if (full) await full
    } catch (error) {
      isDropping = true
      options.onFailure(error)
    }
    if (meter.breached && !isDropping) {
      isDropping = true
      options.onLimit(limitText(meter.breached, options.limits))
    }
  }
}

function limitText(breached: 'bytes' | 'lines', limits: StepLimits): string {
  return breached === 'bytes' ? formatBytes(limits.outputBytes) : `${limits.outputLines} lines`
}
