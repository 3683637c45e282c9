import type { ResourcesPlan } from '../plan.js'
import { ANYTHING, mapped } from './combinators.js'
import { type Keys, object } from './object.js'
import { integer } from './scalars.js'
import type { Shape } from './shape.js'
import { cpus, size } from './units.js'

/** Least memory that a program can start in. */
const MEMORY_MIN = 1024 * 1024

/** Highest limit of the pids controller: PID_MAX_LIMIT on 64 bit. */
const PIDS_MAX = 2 ** 22

/** Highest weight of the cpu controller (cgroup-v2.rst). */
const CPU_WEIGHT_MAX = 10_000

/** Fewest open files that a shell can work with. */
const OPEN_FILES_MIN = 16
/** Default of fs.nr_open, above which no limit can be. */
const OPEN_FILES_MAX = 2 ** 20

const LIMITS_KEYS = {
  cpu: {
    shape: cpus(true),
    description: 'CPU time in thousandths of a CPU, as a number or as `500m`.',
  },
  memory: { shape: size(MEMORY_MIN), description: 'Most memory, e.g. `512Mi`.' },
} satisfies Keys

const RESOURCES_KEYS = {
  cpu: {
    shape: cpus(),
    origin: 'sandpiper',
    description: "CPUs' worth of time that it may take: `2`, `0.5` or `500m`.",
    example: 'resources:\n  cpu: 0.5',
  },
  cpu_weight: {
    shape: integer(1, CPU_WEIGHT_MAX),
    origin: 'sandpiper',
    description:
      'Share of the CPUs while others want them too, from 1 to 10000: with 200 it gets twice of what a step has with 100, as all have that say nothing.',
    example: 'resources:\n  cpu_weight: 50',
  },
  memory: {
    shape: size(MEMORY_MIN),
    origin: 'sandpiper',
    description:
      'Most memory: a step that needs more is ended. Bytes, or with a unit: `512m`, `2g`.',
    example: 'resources:\n  memory: 512m',
  },
  pids: {
    shape: integer(1, PIDS_MAX),
    origin: 'sandpiper',
    description: 'Most processes and threads at a time.',
    example: 'resources:\n  pids: 200',
  },
  disk: {
    shape: size(MEMORY_MIN),
    origin: 'sandpiper',
    description: 'Most that it may write outside of the workspace and of volumes, e.g. `5g`.',
    example: 'resources:\n  disk: 5g',
  },
  open_files: {
    shape: integer(OPEN_FILES_MIN, OPEN_FILES_MAX),
    origin: 'sandpiper',
    description: 'Most files that each of its processes may have open (`ulimit -n`).',
    example: 'resources:\n  open_files: 4096',
  },
  output: {
    shape: size(1024),
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
