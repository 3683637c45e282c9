import type { ResourcesPlan } from '../plan.js'
import { RESOURCE_BOUNDS } from '../resource-bounds.js'
import { ANYTHING, mapped } from './combinators.js'
import { type Keys, object } from './object.js'
import { integer } from './scalars.js'
import type { Shape } from './shape.js'
import { cpus, size } from './units.js'

const { memoryBytes, pids: PIDS, diskBytes, openFiles, outputBytes, cpuWeight } = RESOURCE_BOUNDS

const LIMITS_KEYS = {
  cpu: {
    shape: cpus(true),
    description: 'CPU time in thousandths of a CPU, as a number or as `500m`.',
  },
  memory: {
    shape: size(memoryBytes.min, memoryBytes.max),
    description: 'Most memory, e.g. `512Mi`.',
  },
} satisfies Keys

const RESOURCES_KEYS = {
  cpu: {
    shape: cpus(),
    origin: 'sandpiper',
    description: "CPUs' worth of time that it may take: `2`, `0.5` or `500m`.",
    example: 'resources:\n  cpu: 0.5',
  },
  cpu_weight: {
    shape: integer(cpuWeight.min, cpuWeight.max),
    origin: 'sandpiper',
    description:
      'Share of the CPUs while others want them too, from 1 to 10000: with 200 it gets twice of what a step has with 100, as all have that say nothing.',
    example: 'resources:\n  cpu_weight: 50',
  },
  memory: {
    shape: size(memoryBytes.min, memoryBytes.max),
    origin: 'sandpiper',
    description:
      'Most memory: a step that needs more is ended. Bytes, or with a unit: `512m`, `2g`.',
    example: 'resources:\n  memory: 512m',
  },
  pids: {
    shape: integer(PIDS.min, PIDS.max),
    origin: 'sandpiper',
    description:
      'Most processes and threads at a time, 4 at least: the first process of the sandbox itself is one.',
    example: 'resources:\n  pids: 200',
  },
  disk: {
    shape: size(diskBytes.min, diskBytes.max),
    origin: 'sandpiper',
    description: 'Most that it may write outside of the workspace and of volumes, e.g. `5g`.',
    example: 'resources:\n  disk: 5g',
  },
  open_files: {
    shape: integer(openFiles.min, openFiles.max),
    origin: 'sandpiper',
    description: 'Most files that each of its processes may have open (`ulimit -n`).',
    example: 'resources:\n  open_files: 4096',
  },
  output: {
    shape: size(outputBytes.min, outputBytes.max),
    origin: 'sandpiper',
    description: 'Most that it may print, e.g. `1m`: a step that prints more is ended.',
    example: 'resources:\n  output: 1m',
  },
  limits: {
    shape: object(LIMITS_KEYS),
    description: "The form of Drone's runner for Kubernetes: `cpu` in thousandths, and `memory`.",
    example: 'resources:\n  limits:\n    cpu: 500\n    memory: 512Mi',
  },
  requests: {
    shape: ANYTHING,
    description:
      "Understood for Drone's sake: what is needed at least is up to the runner's capacity.",
  },
} satisfies Keys

/** Limits; `limits` counts for what is not said directly. */
export const RESOURCES: Shape<ResourcesPlan> = mapped(
  object(RESOURCES_KEYS),
  ({ cpu, memory, pids, disk, limits, ...more }) => {
    const cpuLimit = cpu ?? limits?.cpu
    const memoryLimit = memory ?? limits?.memory
    return {
      ...(cpuLimit === undefined ? {} : { cpus: cpuLimit.value }),
      ...(memoryLimit === undefined ? {} : { memoryBytes: memoryLimit.value }),
      ...(pids === undefined ? {} : { pids: pids.value }),
      ...(disk === undefined ? {} : { diskBytes: disk.value }),
      ...(more.cpu_weight === undefined ? {} : { cpuWeight: more.cpu_weight.value }),
      ...(more.open_files === undefined ? {} : { openFiles: more.open_files.value }),
      ...(more.output === undefined ? {} : { outputBytes: more.output.value }),
    }
  },
)
