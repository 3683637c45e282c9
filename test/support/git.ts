import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

const IDENTITY = {
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
}

/** Runs git in a directory, with a fixed identity and no configuration of the machine's. */
export async function git(cwd: string, ...args: string[]): Promise<string> {
  const { stdout } = await run('git', args, { cwd, env: { PATH: process.env.PATH, ...IDENTITY } })
  return stdout.trim()
}

/** A bare repo and a working clone of it, on branch main. */
export interface TestRepo {
  readonly bare: string
  readonly work: string
  /** Writes the files, commits and pushes; returns the commit and what the push printed. */
  push(
    files: Readonly<Record<string, string>>,
    message?: string,
  ): Promise<{ sha: string; output: string }>
}

export async function makeRepo(dir: string, name = 'repo'): Promise<TestRepo> {
  const bare = path.join(dir, `${name}.git`)
  const work = path.join(dir, name)
  await mkdir(work, { recursive: true })
  await git(dir, 'init', '--quiet', '--bare', '--initial-branch=main', bare)
  await git(dir, 'init', '--quiet', '--initial-branch=main', work)
  await git(work, 'remote', 'add', 'origin', bare)
  return {
    bare,
    work,
    push: async (files, message = 'Change things') => {
      for (const [file, text] of Object.entries(files)) {
        await mkdir(path.dirname(path.join(work, file)), { recursive: true })
        await writeFile(path.join(work, file), text)
      }
      await git(work, 'add', '--all')
      await git(work, 'commit', '--quiet', '--allow-empty', '--message', message)
      const { stderr } = await run('git', ['push', 'origin', 'main'], {
        cwd: work,
        env: { PATH: process.env.PATH, ...IDENTITY },
      })
      return { sha: await git(work, 'rev-parse', 'HEAD'), output: stderr }
    },
  }
}
