import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Whether a repository's group writes to it: core.sharedRepository (git-config(1)). */
export async function isShared(gitDir: string): Promise<boolean> {
  const args = ['config', '--file', join(gitDir, 'config'), '--get', 'core.sharedRepository']
  // Exit code 1 means that it is not set.
  const { stdout } = await run('git', args, { cwd: '/', timeout: 10_000 }).catch(() => ({
    stdout: '',
  }))
  return isSharedValue(stdout.trim().toLowerCase())
}

/** `1` and `2` are what `git init --shared` writes for group and all; `0xxx` is a mode. */
function isSharedValue(value: string): boolean {
  if (/^0[0-7]+$/.test(value)) return (Number.parseInt(value, 8) & 0o040) !== 0
  return ['1', '2', 'true', 'yes', 'on', 'group', 'all', 'world', 'everybody'].includes(value)
}
