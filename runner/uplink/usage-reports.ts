import type { AttemptRef, Heartbeat, RunningUsage } from '../../protocol/uplink.js'
import type { UsageReport } from '../../protocol/usage.js'
import type { UsageSource } from '../stage/sink.js'

export interface StepRef extends AttemptRef {
  readonly step: number
}

interface OpenUsage {
  readonly ref: StepRef
  readonly source: UsageSource
  /** Wall time of what was told last. */
  toldMs: number
}

/** What the running steps have used so far, for heartbeats to tell. */
export class UsageReports {
  readonly #open = new Map<string, OpenUsage>()

  open(ref: StepRef, source: UsageSource): void {
    this.#open.set(keyOf(ref), { ref, source, toldMs: -1 })
  }

  close(ref: StepRef): void {
    this.#open.delete(keyOf(ref))
  }

  /** The reports that have grown since they were taken last. */
  take(): Pick<Heartbeat, 'usage'> {
    const usage: RunningUsage[] = []
    for (const one of this.#open.values()) {
      const report = newsOf(one)
      if (report !== null) usage.push({ ...one.ref, ...report })
    }
    return usage.length === 0 ? {} : { usage }
  }
}

function newsOf(one: OpenUsage): UsageReport | null {
  const { report } = one.source
  if (report === null || report.totals.wallMs === one.toldMs) return null
  one.toldMs = report.totals.wallMs
  return report
}

function keyOf({ stageId, attempt, step }: StepRef): string {
  return `${stageId}.${attempt}.${step}`
}
