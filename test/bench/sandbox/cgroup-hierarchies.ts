import { readFile } from 'node:fs/promises'

/** Mount points of all cgroup hierarchies, also of those that we make no use of (proc(5), mountinfo). */
export async function cgroupHierarchies(): Promise<string[]> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n')
  return lines.flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ')
    const mountPoint = before.split(' ')[4]
    return /^cgroup2? /.test(after) && mountPoint !== undefined ? [mountPoint] : []
  })
}
