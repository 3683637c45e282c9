import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Longest name that Linux has (NAME_MAX). */
const LONG_NAME = 'n'.repeat(255)
/** Levels of directories with long names: paths of 10,000 bytes, more than two that the kernel takes. */
const LEVELS = 40

/** A directory that must stay as it is, and that links of a hostile tree lead to. */
export interface Canary {
  readonly directory: string
  /** Throws unless all of it is as it was. */
  check(): Promise<void>
}

/** Makes one in a directory that exists. */
export async function makeCanary(parent: string): Promise<Canary> {
  const directory = path.join(parent, 'canary')
  await mkdir(path.join(directory, 'sub'), { recursive: true, mode: 0o750 })
  await writeFile(path.join(directory, 'file'), 'alive', { mode: 0o640 })
  const look = async (): Promise<string> => {
    const names = await readdir(directory, { recursive: true })
    const facts = await Promise.all(names.map((name) => factsOf(path.join(directory, name))))
    const content = await readFile(path.join(directory, 'file'), 'utf8')
    return JSON.stringify([names, facts, await factsOf(directory), content])
  }
  const before = await look()
  const check = async (): Promise<void> => {
    const now = await look().catch(String)
    if (now !== before) throw new Error(`the canary was ${before} and is ${now}`)
  }
  return { directory, check }
}

async function factsOf(file: string): Promise<readonly number[]> {
  const { mode, uid, gid, size, nlink } = await stat(file)
  return [mode, uid, gid, size, nlink]
}

/**
 * What a step may leave in a directory that the runner goes through later: links to a canary by every
 * way, pipes, sockets and devices, names that mean something to a shell or to lines, the longest names, a
 * tree deeper than a path can be, directories without rights.
 */
export async function makeHostileTree(directory: string, canary: string): Promise<void> {
  const at = (...names: string[]): string => path.join(directory, ...names)
  for (const name of ['plain', 'closed', '-rf', '\n', 'a\nb', '$(touch x)', '*', ' ', LONG_NAME]) {
    await mkdir(at(name), { recursive: true })
    await writeFile(at(name, 'file'), name)
    await symlink(canary, at(name, 'link'))
  }
  const up = `${'../'.repeat(40)}${canary}`
  await symlink(canary, at('absolute'))
  await symlink(up, at('relative'))
  await symlink('absolute/sub/..', at('through'))
  await symlink(`/proc/self/root${canary}`, at('magic'))
  await symlink('loop', at('loop'))
  await symlink('.', at('self'))
  await symlink('/', at('root'))
  const others = `mkfifo pipe 'pipe\nwith lines'; mknod null c 1 3; mknod disk b 7 0; chmod 000 closed`
  const deep = `for i in $(seq ${LEVELS}); do mkdir ${LONG_NAME} && cd -P ${LONG_NAME} || exit 1; done`
  await run('sh', ['-ec', `${others}; mkdir deep; cd deep; ${deep}; mkfifo pipe; ln -s / root`], {
    cwd: directory,
  })
}

/** Whether a walk that follows links gets from a directory to the canary: then the tree is hostile. */
export async function leadsTo(directory: string, canary: string): Promise<readonly string[]> {
  const leading: string[] = []
  const wanted = await stat(canary)
  for (const name of await readdir(directory)) {
    const found = await stat(path.join(directory, name)).catch(() => null)
    if (found?.dev === wanted.dev && found.ino === wanted.ino) leading.push(name)
  }
  return leading.sort()
}
