import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLocalHost } from '../../runner/local-host.js'
import { lacking, present, type CheckResult } from './check.js'

const NAME = 'disk limits'
const HINT =
  'as root, with e2fsprogs, ext4 and loop devices (/dev/loop-control), each step gets a file system of its own; without, give the data directory one'

/** By what the disk of steps and workspaces is bounded here. */
export async function checkDiskLimits(): Promise<CheckResult> {
  const directory = await mkdtemp(join(tmpdir(), 'sandpiper-doctor-'))
  try {
    const host = await openLocalHost({ dataDir: join(directory, 'data') })
    const { medium } = host.deps.writable
    await host.close()
    if (medium.kind === 'image') {
      return present(NAME, 'each step gets a file system of its size, in a file on a loop device')
    }
    const detail = `what steps write is only measured every second: ${medium.reason}`
    return lacking(NAME, detail, HINT)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
