import type { Plan } from '../../pipelines/index.js'
import type { StepUsage } from '../../protocol/usage.js'
import type { LocalResult } from '../../runner/local-executor.js'
import type { NamedStepResult } from './view-sink.js'

/** The document of `exec --json`: how everything ended, and what did not run at all and why. */
export function resultJson(
  result: LocalResult,
  { stages, skipped }: Plan,
  steps: ReadonlyMap<string, readonly NamedStepResult[]>,
): unknown {
  const leftOut = new Map(stages.map((stage) => [stage.name, stage.leftOut ?? []]))
  return {
    passed: result.passed,
    stages: result.stages.map((stage) => ({
      ...stage,
      steps: (steps.get(stage.name) ?? []).map(stepJson),
      left_out: leftOut.get(stage.name) ?? [],
    })),
    skipped,
  }
}

function stepJson({ name, status, exitCode, error, usage }: NamedStepResult): unknown {
  return {
    ...{ name, status, exit_code: exitCode, error },
    usage: usage === null ? null : usageJson(usage),
  }
}

function usageJson(usage: StepUsage): unknown {
  return {
    cpu_ms: usage.cpuMs,
    memory_peak_bytes: usage.memoryPeakBytes,
    wall_ms: usage.wallMs,
    throttled_ms: usage.throttledMs ?? null,
    pids_peak: usage.pidsPeak ?? null,
    io_read_bytes: usage.ioReadBytes ?? null,
    io_write_bytes: usage.ioWriteBytes ?? null,
    network_rx_bytes: usage.networkRxBytes ?? null,
    network_tx_bytes: usage.networkTxBytes ?? null,
    disk_bytes: usage.diskBytes ?? null,
  }
}
