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
    return missing(label, detail, PROBE_HINT)
  })
}

const PROBE_HINT =
  'the kernel refuses this call: inside a container give it the rights for it, else use a newer kernel'
