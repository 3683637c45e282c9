import { readdir, readFile, readlink } from 'node:fs/promises'
import path from 'node:path'

/** Everything of ours that can stay behind on a host, as lines for people. Empty is as it should be. */
export async function findLeftovers(): Promise<string[]> {
  const found = await Promise.all([mounts(), cgroups(), idRanges(), processes()])
  return found.flat().sort()
}

async function mounts(): Promise<string[]> {
  const table = await readFile('/proc/self/mountinfo', 'utf8')
  return table
    .split('\n')
    .filter((line) => /sandpiper|\/sp-test-/.test(line))
    .map((line) => `mount: ${line}`)
}

/** Our parent directory goes with the last cgroup in it. */
async function cgroups(): Promise<string[]> {
  const hierarchies = ['.', ...(await list('/sys/fs/cgroup'))]
  const left: string[] = []
  for (const hierarchy of hierarchies) {
    const directory = path.join('/sys/fs/cgroup', hierarchy)
    for (const name of await list(directory, { directories: true })) {
      if (name.startsWith('sandpiper')) left.push(`cgroup: ${path.join(directory, name)}`)
    }
  }
  return left
}

/** The directory with the lock files of id ranges goes with the last of them. */
async function idRanges(): Promise<string[]> {
  return (await list('/run/sandpiper')).map((name) => `lock directory: ${name}`)
}

/** Processes of a launcher, or started by one: their uid is in the range that stages get. */
async function processes(): Promise<string[]> {
  const left: string[] = []
  for (const pid of (await list('/proc')).filter((name) => /^\d+$/.test(name))) {
    const exe = await readlink(`/proc/${pid}/exe`).catch(() => '')
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
    const uid = Number(/^Uid:\s+(\d+)/m.exec(status)?.[1] ?? 0)
    if (exe.includes('sandpiper-launcher') || uid >= 1_879_048_192) {
      left.push(`process: ${pid} ${exe} uid ${uid}`)
    }
  }
  return left
}

async function list(directory: string, only?: { directories: boolean }): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => [])
  return entries
    .filter((entry) => !only?.directories || entry.isDirectory())
    .map((entry) => entry.name)
}
