/** The least and the most that a limit can be set to, both included. */
export interface Bounds {
  readonly min: number
  readonly max: number
}

const MIB = 1024 ** 2
const TIB = 1024 ** 4

/**
 * Bounds of limits, the same in `resources`, in the settings of a runner and in the options of `sandbox run`:
 * below them no program starts, above them the kernel refuses the limit.
 */
export const RESOURCE_BOUNDS = {
  /** A program needs about the least; the most is what a number holds to the byte, in whole units. */
  memoryBytes: { min: MIB, max: 8191 * TIB },
  /** The sandbox's init, a shell, and two commands with a pipe between them; the kernel's PID_MAX_LIMIT. */
  pids: { min: 4, max: 2 ** 22 },
  /** A file system of that size is made in a sparse file, and a file of ext4 is smaller than 16 TiB. */
  diskBytes: { min: MIB, max: 15 * TIB },
  /** What a shell and the sandbox's own start work with; the default of fs.nr_open. */
  openFiles: { min: 16, max: 2 ** 20 },
  outputBytes: { min: 1024, max: 8191 * TIB },
  /** cgroup-v2.rst, "cpu.weight". */
  cpuWeight: { min: 1, max: 10_000 },
} as const satisfies Record<string, Bounds>
