import { RESOURCE_BOUNDS } from '../../pipelines/resource-bounds.js'
import type { Scope, Setting } from './settings.js'
import { bytesWithin, cpus, duration, integer, integerWithin } from './values.js'

const STEPS: readonly Scope[] = ['standalone', 'runner', 'exec']

/** What a step may use, and may ask for; see `StepLimits` in runner/config.ts. */
export const STEP_SETTINGS = {
  stepMemory: define({
    env: 'SANDPIPER_STEP_MEMORY',
    flag: 'step-memory',
    type: bytesWithin(RESOURCE_BOUNDS.memoryBytes),
    defaultText: '2g',
    description: 'Memory limit of a step; no swap comes on top',
    scopes: STEPS,
  }),
  stepCpus: define({
    env: 'SANDPIPER_STEP_CPUS',
    flag: 'step-cpus',
    type: cpus,
    defaultText: 'no limit',
    description: 'CPU limit of a step',
    scopes: STEPS,
  }),
  stepPids: define({
    env: 'SANDPIPER_STEP_PIDS',
    flag: 'step-pids',
    type: integerWithin(RESOURCE_BOUNDS.pids),
    defaultText: '1024',
    description: 'Processes and threads that a step may have at a time, with its init',
    scopes: STEPS,
  }),
  stepCpuWeight: define({
    env: 'SANDPIPER_STEP_CPU_WEIGHT',
    flag: 'step-cpu-weight',
    type: integerWithin(RESOURCE_BOUNDS.cpuWeight),
    defaultText: '100',
    description: "Share of the CPUs of a step while others want them too: with 200 twice of 100's",
    scopes: STEPS,
  }),
  stepOpenFiles: define({
    env: 'SANDPIPER_STEP_OPEN_FILES',
    flag: 'step-open-files',
    type: integerWithin(RESOURCE_BOUNDS.openFiles),
    defaultText: "65536, of which a program gets 1024 unless it asks; at most the runner's own",
    description: 'Files that each process of a step may have open',
    scopes: STEPS,
  }),
  stepMemoryMax: define({
    env: 'SANDPIPER_STEP_MEMORY_MAX',
    flag: 'step-memory-max',
    type: bytesWithin(RESOURCE_BOUNDS.memoryBytes),
    defaultText: 'the memory limit of a step',
    description: 'Memory that a step may ask for in its `resources`',
    scopes: STEPS,
  }),
  stepCpusMax: define({
    env: 'SANDPIPER_STEP_CPUS_MAX',
    flag: 'step-cpus-max',
    type: cpus,
    defaultText: 'the CPU limit of a step',
    description: 'CPUs that a step may ask for in its `resources`',
    scopes: STEPS,
  }),
  stepPidsMax: define({
    env: 'SANDPIPER_STEP_PIDS_MAX',
    flag: 'step-pids-max',
    type: integerWithin(RESOURCE_BOUNDS.pids),
    defaultText: 'the processes that a step may have',
    description: 'Processes and threads that a step may ask for in its `resources`',
    scopes: STEPS,
  }),
  stepCpuWeightMax: define({
    env: 'SANDPIPER_STEP_CPU_WEIGHT_MAX',
    flag: 'step-cpu-weight-max',
    type: integerWithin(RESOURCE_BOUNDS.cpuWeight),
    defaultText: 'the CPU weight of a step',
    description: 'CPU weight that a step may ask for in its `resources`',
    scopes: STEPS,
  }),
  stepDiskMax: define({
    env: 'SANDPIPER_STEP_DISK_MAX',
    flag: 'step-disk-max',
    type: bytesWithin(RESOURCE_BOUNDS.diskBytes),
    defaultText: 'the disk of a step',
    description: 'Disk that a step may ask for in its `resources`',
    scopes: STEPS,
  }),
  stepOpenFilesMax: define({
    env: 'SANDPIPER_STEP_OPEN_FILES_MAX',
    flag: 'step-open-files-max',
    type: integerWithin(RESOURCE_BOUNDS.openFiles),
    defaultText: 'the open files of a step',
    description: 'Open files that a step may ask for in its `resources`',
    scopes: STEPS,
  }),
  stepOutputMax: define({
    env: 'SANDPIPER_STEP_OUTPUT_MAX',
    flag: 'step-output-max',
    type: bytesWithin(RESOURCE_BOUNDS.outputBytes),
    defaultText: 'the bytes that a step may print',
    description: 'Output that a step may ask for in its `resources`',
    scopes: STEPS,
  }),
  stepTimeout: define({
    env: 'SANDPIPER_STEP_TIMEOUT',
    flag: 'step-timeout',
    type: duration,
    defaultText: "no limit but the stage's",
    description: 'Wall time of a step that asks for none with `timeout`',
    scopes: STEPS,
  }),
  stepTimeoutMax: define({
    env: 'SANDPIPER_STEP_TIMEOUT_MAX',
    flag: 'step-timeout-max',
    type: duration,
    defaultText: 'the wall time of a step',
    description: 'Wall time that a step may ask for with `timeout`',
    scopes: STEPS,
  }),
  stepGrace: define({
    env: 'SANDPIPER_STEP_GRACE',
    flag: 'step-grace',
    type: duration,
    default: '10s',
    description: 'Time between asking a step to end (SIGTERM) and ending it (SIGKILL)',
    scopes: STEPS,
  }),
  stepOutput: define({
    env: 'SANDPIPER_STEP_OUTPUT',
    flag: 'step-output',
    type: bytesWithin(RESOURCE_BOUNDS.outputBytes),
    default: '64m',
    description: 'Bytes that a step may print',
    scopes: STEPS,
  }),
  stepLines: define({
    env: 'SANDPIPER_STEP_LINES',
    flag: 'step-lines',
    type: integer(1, 1_000_000_000),
    default: '1000000',
    description: 'Lines that a step may print',
    scopes: STEPS,
  }),
} as const

function define<T>(setting: Setting<T>): Setting<T> {
  return setting
}
