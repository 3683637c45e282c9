import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { messageOf } from '../../protocol/errors.js'
import { lacking, missing, present, type CheckResult } from './check.js'

const run = promisify(execFile)

interface Program {
  readonly name: string
  readonly args: readonly string[]
  /** Debian package. */
  readonly package: string
  /** Only steps that reach the outside need it. */
  readonly uplink?: true
}

const PROGRAMS: readonly Program[] = [
  { name: 'git', args: ['--version'], package: 'git' },
  { name: 'redis-server', args: ['--version'], package: 'redis-server' },
  { name: 'busybox', args: ['true'], package: 'busybox-static' },
  { name: 'setpriv', args: ['--version'], package: 'util-linux' },
  { name: 'ip', args: ['-V'], package: 'iproute2' },
  { name: 'nft', args: ['--version'], package: 'nftables', uplink: true },
  { name: 'pasta', args: ['--version'], package: 'passt', uplink: true },
]

/**
 * Whether the programs that Sandpiper calls are there and start.
 * @param isIsolated whether steps are to reach nothing outside (SANDPIPER_NETWORK)
 */
export function checkPrograms(env: NodeJS.ProcessEnv, isIsolated = false): Promise<CheckResult[]> {
  return Promise.all(PROGRAMS.map((program) => checkProgram(program, env, isIsolated)))
}

async function checkProgram(
  program: Program,
  env: NodeJS.ProcessEnv,
  isIsolated: boolean,
): Promise<CheckResult> {
  try {
    const { stdout } = await run(program.name, [...program.args], { timeout: 10_000, env })
    return present(program.name, /\d+\.\d+(\.\d+)?/.exec(stdout)?.[0] ?? 'there')
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const detail = absent ? 'not on the PATH' : `does not start: ${messageOf(error).trim()}`
    const install = `apt-get install ${program.package}`
    if (program.uplink !== true) return missing(program.name, detail, install)
    if (isIsolated) return lacking(program.name, `${detail}; isolated steps do without`, install)
    const hint = `${install}, or SANDPIPER_NETWORK=isolated, with which steps reach nothing outside`
    return missing(program.name, detail, hint)
  }
}
