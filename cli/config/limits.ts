import type { StepLimits } from '../../runner/config.js'
import type { SettingKey, SettingValues } from './settings.js'

/** The setting of each limit. */
const SETTING_OF = {
  memoryBytes: 'stepMemory',
  cpus: 'stepCpus',
  cpuWeight: 'stepCpuWeight',
  pids: 'stepPids',
  diskBytes: 'stepDisk',
  workspaceBytes: 'stageWorkspace',
  openFiles: 'stepOpenFiles',
  memoryBytesMax: 'stepMemoryMax',
  cpusMax: 'stepCpusMax',
  cpuWeightMax: 'stepCpuWeightMax',
  pidsMax: 'stepPidsMax',
  diskBytesMax: 'stepDiskMax',
  openFilesMax: 'stepOpenFilesMax',
  outputBytesMax: 'stepOutputMax',
  stepTimeoutMs: 'stepTimeout',
  stepTimeoutMsMax: 'stepTimeoutMax',
  graceMs: 'stepGrace',
  outputBytes: 'stepOutput',
  outputLines: 'stepLines',
} as const satisfies Record<Exclude<keyof StepLimits, 'unkept' | 'watchDisk'>, SettingKey>

/** The limits of steps that are set; the runner has defaults for the others. */
export function limitsOf(settings: SettingValues): Partial<StepLimits> {
  const entries = Object.entries(SETTING_OF).map(([limit, key]) => [limit, settings[key]] as const)
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
}
