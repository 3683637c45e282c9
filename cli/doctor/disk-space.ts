import { dirname } from 'node:path'
import {
  describePressure,
  hasRoom,
  readDiskSpace,
  type DiskSpace,
} from '../../runner/disk-guard/free-space.js'
import { formatBytes } from '../../runner/stage/format.js'
import { missing, present, type CheckResult } from './check.js'

const NAME = 'disk space'
const HINT = 'make room there, or set SANDPIPER_DISK_RESERVE to less'

/** Whether a runner with that data directory, which need not be there yet, would start anything. */
export async function checkDiskSpace(
  dataDir: string,
  reserveBytes: number | undefined,
): Promise<CheckResult> {
  const space = await readNearest(dataDir, reserveBytes)
  if (!hasRoom(space)) return missing(NAME, describePressure(space), HINT)
  const [free, total, reserve] = [space.freeBytes, space.totalBytes, space.reserveBytes].map(
    formatBytes,
  )
  return present(
    NAME,
    `${free} free of ${total} at ${space.directory}, with a reserve of ${reserve}`,
  )
}

async function readNearest(directory: string, reserveBytes?: number): Promise<DiskSpace> {
  try {
    return await readDiskSpace(directory, reserveBytes)
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    if (!isMissing || dirname(directory) === directory) throw error
    return readNearest(dirname(directory), reserveBytes)
  }
}
