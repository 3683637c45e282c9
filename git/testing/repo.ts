import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

const IDENTITY = {
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  PATH: '/usr/local/bin:/usr/bin:/bin',
  HOME: '/nonexistent',
  LC_ALL: 'C',
}

/** A new directory below the system's temporary one. */
export async function makeTemporaryDirectory(): Promise<string> {
  return realpath(await mkdtemp(join(tmpdir(), 'sandpiper-git-')))
}

export async function removeDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true, maxRetries: 3 })
}

/** Runs git in a directory for a test and resolves with its trimmed stdout. */
export async function git(directory: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await run('git', args, { cwd: directory, env: IDENTITY, maxBuffer: 1 << 26 })
  return stdout.trim()
}

/** A repository that tests push from: a work tree and the bare repository that is fetched from. */
export interface TestRepo {
  readonly work: string
  readonly bare: string
  /** Writes files, commits and pushes them, and resolves with the commit's id. */
  commit(files: Readonly<Record<string, string>>, message?: string): Promise<string>
}

/** Makes one below `directory`, with an empty history. */
export async function makeRepo(
  directory: string,
  options: { name?: string; format?: 'sha1' | 'sha256' } = {},
): Promise<TestRepo> {
  const name = options.name ?? 'repo'
  const format = `--object-format=${options.format ?? 'sha1'}`
  const work = join(directory, `${name}-work`)
  const bare = join(directory, `${name}.git`)
  await git(directory, 'init', '-q', '-b', 'main', format, work)
  await git(directory, 'init', '-q', '-b', 'main', '--bare', format, bare)
  await git(work, 'remote', 'add', 'origin', bare)
  return {
    work,
    bare,
    commit: async (files, message = 'change') => {
      for (const [path, content] of Object.entries(files)) {
        await mkdir(dirname(join(work, path)), { recursive: true })
        await writeFile(join(work, path), content)
      }
      await git(work, 'add', '-A')
      await git(work, 'commit', '-q', '--allow-empty', '-m', message)
      await git(work, 'push', '-q', '--force', 'origin', 'HEAD')
      return git(work, 'rev-parse', 'HEAD')
    },
  }
}

/** Pushes a commit whose tree has exactly these entries, also ones that `git add` refuses. */
export async function commitTree(
  repo: TestRepo,
  entries: readonly { mode: string; name: string; content: string }[],
): Promise<string> {
  const tree: Buffer[] = []
  for (const { mode, name, content } of entries) {
    const type = mode === '40000' ? 'tree' : 'blob'
    const id = type === 'tree' ? content : await hashObject(repo.work, 'blob', Buffer.from(content))
    tree.push(Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex'))
  }
  const id = await hashObject(repo.work, 'tree', Buffer.concat(tree))
  const commit = await git(repo.work, 'commit-tree', '-m', 'hostile', id)
  await git(repo.work, 'push', '-q', '--force', 'origin', `${commit}:refs/heads/main`)
  return commit
}

/** Writes an object without the checks that git would make, and resolves with its id. */
export async function hashObject(directory: string, type: string, body: Buffer): Promise<string> {
  const path = join(directory, '.git', 'object-to-hash')
  await writeFile(path, body)
  return git(directory, 'hash-object', '-t', type, '-w', '--literally', path)
}
