import type { BareRunResult } from '../../runner/bare-run/types.js'

/** The document of `sandbox run --json`. */
export function runJson(result: BareRunResult, exitCode: number): unknown {
  const { status, error, warnings = [], exit, phases } = result
  return {
    ...{ status, exit_code: exitCode, signal: exit.signal, error, warnings },
    usage: {
      cpu_ms: exit.cpuMs,
      memory_peak_bytes: exit.memoryPeakBytes,
      wall_ms: exit.wallMs,
    },
    limits: {
      oom_kills: exit.oomKills,
      pids_refused: exit.pidsRefused,
      disk: exit.layer && {
        bytes: exit.layer.bytes,
        bytes_max: exit.layer.bytesMax,
        files: exit.layer.files,
        files_max: exit.layer.filesMax,
      },
    },
    phases: {
      pull_ms: phases.pullMs,
      prepare_ms: phases.prepareMs,
      stage_ms: phases.stageMs,
      start_ms: phases.startMs,
      run_ms: phases.runMs,
      remove_ms: phases.removeMs,
    },
  }
}
