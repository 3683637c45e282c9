import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { messageOf } from '../../protocol/errors.js'
import { missing, present, type CheckResult } from './check.js'

const run = promisify(execFile)

interface Program {
  readonly name: string
  readonly args: readonly string[]
  /** Debian package. */
  readonly package: string
}

const PROGRAMS: readonly Program[] = [
  { name: 'git', args: ['--version'], package: 'git' },
  { name: 'redis-server', args: ['--version'], package: 'redis-server' },
  { name: 'busybox', args: ['true'], package: 'busybox-static' },
  { name: 'setpriv', args: ['--version'], package: 'util-linux' },
  { name: 'tar', args: ['--version'], package: 'tar' },
]

/** Whether the programs that Sandpiper calls are there and start. */
export function checkPrograms(): Promise<CheckResult[]> {
  return Promise.all(PROGRAMS.map(checkProgram))
}

async function checkProgram(program: Program): Promise<CheckResult> {
  try {
    const { stdout } = await run(program.name, [...program.args], { timeout: 10_000 })
    return present(program.name, /\d+\.\d+(\.\d+)?/.exec(stdout)?.[0] ?? 'there')
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const detail = absent ? 'not on the PATH' : `does not start: ${messageOf(error).trim()}`
    return missing(program.name, detail, `apt-get install ${program.package}`)
  }
}
