import type { LogSection, LogStream } from '../../protocol/log-record.js'
import type { StepFinished } from '../../protocol/uplink.js'
import type { UsageReport } from '../../protocol/usage.js'

/**
 * Where the running of a stage reports to: the uplink to a server, or a terminal (`sandpiper exec`).
 * Calls come in order; `stepFinished` of a step comes after its last `output`.
 */
export interface StageSink {
  stepStarted(step: number, at: number): void
  /**
   * Bytes the step printed, or a message of the runner's own about it.
   * @returns a promise when the sink is full; the caller stops reading that stream until it resolves.
   */
  output(step: number, data: Buffer, stream: LogStream): Promise<void> | undefined
  /** A command of the step begins: the next output is its first line. */
  section?(step: number, section: LogSection): void
  stepFinished(result: StepResult): Promise<void>
  /** Comes right after `stepStarted` of a step that has a sandbox: what it has used so far, whenever asked. */
  stepUsage?(step: number, usage: UsageSource): void
}

/** Tells what a step has used so far; null before anything is known. */
export interface UsageSource {
  readonly report: UsageReport | null
}

/** The end of a step, without what the sink itself adds. */
export type StepResult = Omit<StepFinished, 'type' | 'stageId' | 'attempt' | 'log'>
