import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/**
 * Remembers what is there of Sandpiper's on this host, so that another one that runs is not blamed.
 * @returns a function that waits a little for what still goes away and then lists what is left
 */
export function watchLeftovers(directory) {
  const before = new Set(hostState(directory))
  return async () => {
    let left = []
    for (let i = 0; i < 20; i++) {
      left = hostState(directory).filter((line) => !before.has(line))
      if (left.length === 0) break
      await delay(100)
    }
    return left
  }
}

function hostState(directory) {
  return [...mounts(directory), ...cgroups(), ...processes(directory)]
}

function mounts(directory) {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
  return lines.filter((line) => line.includes(directory)).map((line) => `mount ${line}`)
}

/** Cgroups of ours that hold no process any more. */
function cgroups() {
  const found = []
  for (const hierarchy of ['', ...list('/sys/fs/cgroup')]) {
    const top = join('/sys/fs/cgroup', hierarchy, 'sandpiper')
    for (const path of descendants(top)) if (isEmpty(path)) found.push(`cgroup ${path}`)
  }
  return found
}

function descendants(path) {
  const below = list(path, { directories: true }).map((name) => join(path, name))
  return below.flatMap((child) => [child, ...descendants(child)])
}

function isEmpty(path) {
  try {
    return readFileSync(join(path, 'cgroup.procs'), 'utf8').trim() === ''
  } catch {
    return false
  }
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

function list(path, { directories = false } = {}) {
  try {
    const entries = readdirSync(path, { withFileTypes: true })
    return entries.filter((entry) => !directories || entry.isDirectory()).map((entry) => entry.name)
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
