import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/**
 * Waits a little for what still goes away, then lists what the demo has left on this host. Only its own
 * things: another Sandpiper may come and go meanwhile.
 * @param directory of the demo: in the paths of its mounts and processes
 * @param data directory of its server: has the id that its cgroups are named by
 */
export async function findLeftovers(directory, data) {
  const runner = attempt(() => readFileSync(join(data, 'runner', 'id'), 'utf8')).trim()
  let left = []
  for (let i = 0; i < 20; i++) {
    left = [...mounts(directory), ...cgroups(runner), ...processes(directory)]
    if (left.length === 0) break
    await delay(100)
  }
  return left
}

function mounts(directory) {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
  return lines.filter((line) => line.includes(directory)).map((line) => `mount ${line}`)
}

/** The runner's own cgroup, in whichever hierarchy. */
function cgroups(runner) {
  if (runner === '') return ['no runner id in the data directory: its cgroups are not known']
  return ['', ...list('/sys/fs/cgroup')]
    .map((hierarchy) => join('/sys/fs/cgroup', hierarchy, 'sandpiper', runner))
    .filter((path) => existsSync(path))
    .map((path) => `cgroup ${path}`)
}

/** Processes that work in, run from or were started with the directory; not this one. */
function processes(directory) {
  const found = []
  for (const pid of list('/proc').filter(
    (name) => /^\d+$/.test(name) && name !== String(process.pid),
  )) {
    const command = attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')).replaceAll(
      '\0',
      ' ',
    )
    const cwd = attempt(() => readlinkSync(`/proc/${pid}/cwd`))
    if (command.includes(directory) || cwd.startsWith(directory))
      found.push(`process ${pid} ${command}`)
  }
  return found
}

function list(path) {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

function attempt(read) {
  try {
    return read()
  } catch {
    return ''
  }
}
