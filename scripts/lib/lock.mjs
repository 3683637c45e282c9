import { spawnSync } from 'node:child_process'
import { mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { SetupError, say } from './report.mjs'

/**
 * Makes this process the only one that sets up. The lock is flock(2) on an open file: flock(1) takes it
 * on the description it inherits from us, so it is ours until we end, however we end.
 */
export function lockSetup(file) {
  let fd
  try {
    mkdirSync(dirname(file), { recursive: true })
    fd = openSync(file, 'w')
  } catch (error) {
    throw new SetupError(`can't write ${file}: ${error.message}`, {
      hint: 'an earlier run as root may own it: run as root again, or give yourself the directory back with chown -R',
    })
  }
  if (flock(fd, ['-n'])) return
  say('another set-up is running in this directory: waiting for it (at most 30 minutes)')
  if (flock(fd, ['-w', '1800'])) return
  throw new SetupError('the other set-up did not end within 30 minutes', {
    hint: `see who holds ${file}: fuser -v ${file}`,
  })
}

function flock(fd, args) {
  const result = spawnSync('flock', [...args, '3'], { stdio: ['ignore', 'ignore', 'pipe', fd] })
  if (result.error) {
    throw new SetupError(`can't run flock: ${result.error.message}`, {
      hint: 'install util-linux (it is part of every Debian)',
    })
  }
  return result.status === 0
}
