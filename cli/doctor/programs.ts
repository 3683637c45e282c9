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
  /** What will need it, where no step of today does. */
  readonly later?: string
}

const PROGRAMS: readonly Program[] = [
  { name: 'git', args: ['--version'], package: 'git' },
  { name: 'redis-server', args: ['--version'], package: 'redis-server' },
  { name: 'busybox', args: ['true'], package: 'busybox-static' },
  { name: 'setpriv', args: ['--version'], package: 'util-linux' },
  { name: 'tar', args: ['--version'], package: 'tar' },
  { name: 'ip', args: ['-V'], package: 'iproute2', later: 'networks of stages' },
  { name: 'nft', args: ['--version'], package: 'nftables', later: 'networks of stages' },
  { name: 'pasta', args: ['--version'], package: 'passt', later: 'networks of stages' },
]

/** Whether the programs that Sandpiper calls, or later will, are there and start. */
export function checkPrograms(env: NodeJS.ProcessEnv): Promise<CheckResult[]> {
  return Promise.all(PROGRAMS.map((program) => checkProgram(program, env)))
}

async function checkProgram(program: Program, env: NodeJS.ProcessEnv): Promise<CheckResult> {
  try {
    const { stdout } = await run(program.name, [...program.args], { timeout: 10_000, env })
    return present(program.name, /\d+\.\d+(\.\d+)?/.exec(stdout)?.[0] ?? 'there')
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const detail = absent ? 'not on the PATH' : `does not start: ${messageOf(error).trim()}`
    const hint = `apt-get install ${program.package}`
    if (program.later === undefined) return missing(program.name, detail, hint)
    return lacking(program.name, `${detail}; later ${program.later} will want it`, hint)
  }
}
