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
  ({ cpu, memory, pids, disk, limits }) => {
    const cpuLimit = cpu ?? limits?.cpu
    const memoryLimit = memory ?? limits?.memory
    return {
      ...(cpuLimit === undefined ? {} : { cpus: cpuLimit.value }),
      ...(memoryLimit === undefined ? {} : { memoryBytes: memoryLimit.value }),
      ...(pids === undefined ? {} : { pids: pids.value }),
      ...(disk === undefined ? {} : { diskBytes: disk.value }),
    }
  },
)
