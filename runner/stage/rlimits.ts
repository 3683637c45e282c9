import type { RlimitSpec } from '../../native/lib/types.js'

const MIB = 1024 * 1024

/** What select(2) can handle is what a program gets that doesn't ask; compilers and databases do ask. */
export const OPEN_FILES_UNASKED = 1024

/**
 * Resource limits (setrlimit(2)) of every step, so that none depends on how the runner was started.
 * Where the runner's own hard limit is lower, the launcher cuts these to it.
 */
const STEP_RLIMITS: readonly RlimitSpec[] = [
  // core(5): 0 still starts a core helper of the host on what the step left, 1 does not.
  { name: 'CORE', soft: 1, hard: 1 },
  // The kernel's own default since 5.16, enough for io_uring and keys that must not be swapped out.
  { name: 'MEMLOCK', soft: 8 * MIB, hard: 8 * MIB },
  // The kernel's own default (MQ_BYTES_MAX): message queues are kernel memory.
  { name: 'MSGQUEUE', soft: 819_200, hard: 819_200 },
]

/** Those of one step; a number of open files that it asks for is what its programs get without asking. */
export function rlimitsOf(openFiles: number, isAsked: boolean): readonly RlimitSpec[] {
  const soft = isAsked ? openFiles : Math.min(openFiles, OPEN_FILES_UNASKED)
  return [{ name: 'NOFILE', soft, hard: openFiles }, ...STEP_RLIMITS]
}
