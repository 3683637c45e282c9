import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { buildDirectory } from '../../native/lib/addon.js'
import { errnoName } from '../../native/lib/error.js'
import { messageOf } from '../../protocol/errors.js'
import { missing, present, type CheckResult } from './check.js'

const run = promisify(execFile)
const TIMEOUT_MS = 30_000

/** Lets the launcher try each kernel feature that a sandbox needs, in a process of its own. */
export async function checkProbes(): Promise<CheckResult[]> {
  try {
    const launcher = join(buildDirectory(), 'sandpiper-launcher')
    const { stdout } = await run(launcher, ['probe'], { timeout: TIMEOUT_MS })
    return [present('launcher', launcher), ...parseProbes(stdout)]
  } catch (error) {
    return [missing('launcher', messageOf(error), 'build it: npm run setup')]
  }
}

/** Reads the launcher's `NAME ERRNO CALL OBJECT` lines, fields parted by tabs. */
export function parseProbes(text: string): CheckResult[] {
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line) => {
    const [name = '', errno = '', call = '', object = ''] = line.split('\t')
    const label = `probe ${name}`
    if (errno === '0') return present(label, 'tried, works')
    const detail = `${call} on ${object}: ${errnoName(Number(errno))}`
    return missing(label, detail, RIGHTS.has(errnoName(Number(errno))) ? RIGHTS_HINT : KERNEL_HINT)
  })
}

const RIGHTS: ReadonlySet<string> = new Set(['EPERM', 'EACCES'])
const RIGHTS_HINT = 'run as root; inside a container, one with all of root’s rights on the host'
const KERNEL_HINT = 'use a newer kernel, or one with this built in, such as Debian 12’s'
