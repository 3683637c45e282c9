import type { SandboxSpec } from '../../native/lib/types.js'
import type { StepLimits } from '../config.js'

/** What the cgroup of a sandbox keeps of the limits. */
export function cgroupLimits(limits: StepLimits): SandboxSpec['limits'] {
  const { memoryBytes, pids, cpus, cpuWeight, unkept = [] } = limits
  return {
    ...(unkept.includes('memory') ? {} : { memoryBytes }),
    ...(unkept.includes('pids') ? {} : { pids }),
    ...(cpus === undefined ? {} : { cpus }),
    ...(cpuWeight === undefined ? {} : { cpuWeight }),
  }
}
