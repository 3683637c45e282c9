import { LOG_STREAMS, type LogStream } from '../../protocol/log-record.js'
import type { StageSink, StepResult } from '../stage/sink.js'
import { Masker, type MaskRules } from './mask/masker.js'

/**
 * A sink that nothing secret gets through to: what steps print, whichever of them, and what is told of their end. So
 * nothing behind it, no file, queue or archive, ever has a secret in clear.
 */
export function maskSink(sink: StageSink, rules: MaskRules): StageSink {
  return rules.isEmpty ? sink : new MaskingSink(sink, rules)
}

class MaskingSink implements StageSink {
  readonly #sink: StageSink
  readonly #rules: MaskRules
  readonly #maskers: Readonly<Record<LogStream, Map<number, Masker>>> = {
    stdout: new Map(),
    stderr: new Map(),
  }
  readonly stepUsage?: NonNullable<StageSink['stepUsage']>
  readonly section?: NonNullable<StageSink['section']>

  constructor(sink: StageSink, rules: MaskRules) {
    this.#sink = sink
    this.#rules = rules
    // What is held back then is told with the command that follows: it may be the first half of a secret.
    if (sink.section) this.section = (step, section) => sink.section?.(step, section)
    if (sink.stepUsage) this.stepUsage = (step, usage) => sink.stepUsage?.(step, usage)
  }

  stepStarted(step: number, at: number): void {
    this.#sink.stepStarted(step, at)
  }

  output(step: number, data: Buffer, stream: LogStream): Promise<void> | undefined {
    const masked = this.#maskerOf(step, stream).write(data)
    return masked.length === 0 ? undefined : this.#sink.output(step, masked, stream)
  }

  async stepFinished(result: StepResult): Promise<void> {
    for (const stream of LOG_STREAMS) {
      const rest = this.#maskers[stream].get(result.step)?.end()
      this.#maskers[stream].delete(result.step)
      if (rest !== undefined && rest.length > 0) await this.#sink.output(result.step, rest, stream)
    }
    await this.#sink.stepFinished({ ...result, error: this.#rules.mask(result.error) })
  }

  #maskerOf(step: number, stream: LogStream): Masker {
    const known = this.#maskers[stream].get(step)
    if (known !== undefined) return known
    const masker = new Masker(this.#rules)
    this.#maskers[stream].set(step, masker)
    return masker
  }
}
