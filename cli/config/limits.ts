import type { StepLimits } from '../../runner/config.js'
import type { SettingValues } from './settings.js'

/** The limits of steps that are set; the runner has defaults for the others. */
export function limitsOf(settings: SettingValues): Partial<StepLimits> {
  const { stepMemory, stepCpus, stepPids, stepTimeout, stepGrace, stepOutput, stepLines } = settings
  const { stepMemoryMax, stepCpusMax, stepPidsMax } = settings
  return {
    ...(stepMemory === undefined ? {} : { memoryBytes: stepMemory }),
    ...(stepCpus === undefined ? {} : { cpus: stepCpus }),
    ...(stepPids === undefined ? {} : { pids: stepPids }),
    ...(stepMemoryMax === undefined ? {} : { memoryBytesMax: stepMemoryMax }),
    ...(stepCpusMax === undefined ? {} : { cpusMax: stepCpusMax }),
    ...(stepPidsMax === undefined ? {} : { pidsMax: stepPidsMax }),
    ...(stepTimeout === undefined ? {} : { stepTimeoutMs: stepTimeout }),
    ...(stepGrace === undefined ? {} : { graceMs: stepGrace }),
    ...(stepOutput === undefined ? {} : { outputBytes: stepOutput }),
    ...(stepLines === undefined ? {} : { outputLines: stepLines }),
  }
}
