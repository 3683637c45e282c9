import { statfs } from 'node:fs/promises'
import { SandpiperError } from '../../protocol/errors.js'
import { formatBytes } from '../stage/format.js'

/** What of a file system is to stay free, and what is. */
export interface DiskSpace {
  /** The directory that it was asked for by. */
  readonly directory: string
  /** For whoever is not root, who may have a share of its own (statfs(2), f_bavail). */
  readonly freeBytes: number
  readonly totalBytes: number
  readonly reserveBytes: number
}

/** Less than the reserve is free: what Kubernetes calls disk pressure. */
export type DiskPressure = DiskSpace

const RESERVE_BYTES_MAX = 1024 ** 3
const RESERVE_SHARE = 0.05

/**
 * What stays free when nothing else is said: 1 GiB, which is about what a disk takes between two looks at it,
 * and where Jenkins takes a node offline. Of a small disk 5 %, which is the share that ext4 keeps back too.
 */
export function defaultReserve(totalBytes: number): number {
  return Math.min(RESERVE_BYTES_MAX, totalBytes * RESERVE_SHARE)
}

/**
 * The file system of a directory.
 * @param reserveBytes default as `defaultReserve`
 * @throws the error of statfs(2)
 */
export async function readDiskSpace(directory: string, reserveBytes?: number): Promise<DiskSpace> {
  const { bavail, blocks, bsize } = await statfs(directory)
  const totalBytes = blocks * bsize
  const freeBytes = bavail * bsize
  return {
    ...{ directory, freeBytes, totalBytes },
    reserveBytes: reserveBytes ?? defaultReserve(totalBytes),
  }
}

/** Whether there is room for more. */
export function hasRoom({ freeBytes, reserveBytes }: DiskSpace): boolean {
  return freeBytes >= reserveBytes
}

/** In words, what is wrong and where. */
export function describePressure(pressure: DiskPressure): string {
  return `the runner’s disk is full: ${describeSpace(pressure)}`
}

function describeSpace({ directory, freeBytes, totalBytes, reserveBytes }: DiskSpace): string {
  const [free, total, reserve] = [freeBytes, totalBytes, reserveBytes].map(formatBytes)
  return `${free} free of ${total} at ${directory}, below the reserve of ${reserve}`
}

/** What a step gets that may not start. */
export function diskFullError(pressure: DiskPressure): SandpiperError {
  return new SandpiperError(
    'SP_RUNNER_DISK_FULL',
    `the runner’s disk is full: ${describeSpace(pressure)}`,
    {
      hint: 'Make room there, or set SANDPIPER_DISK_RESERVE to less. Until then this runner starts nothing',
    },
  )
}
