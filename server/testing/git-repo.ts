import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A git repo on disk to clone from. */
export class GitRepo {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  static async create(path: string): Promise<GitRepo> {
    await mkdir(path, { recursive: true })
    const repo = new GitRepo(path)
    await repo.git('init', '--quiet', '--initial-branch=main')
    return repo
  }

  /** Commits the files (name -> content) on main and gives the commit's id. */
  async commit(files: Readonly<Record<string, string>>): Promise<string> {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(this.path, name)), { recursive: true })
      await writeFile(join(this.path, name), content)
    }
    await this.git('add', '--all')
    await this.git('commit', '--quiet', '--allow-empty', '--message', 'a commit')
    return (await this.git('rev-parse', 'HEAD')).trim()
  }

  /** Runs git in the repo. */
  async git(...args: string[]): Promise<string> {
    const env = {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_SYSTEM: '/dev/null',
      GIT_AUTHOR_NAME: 'A',
      GIT_AUTHOR_EMAIL: 'a@example.org',
      GIT_COMMITTER_NAME: 'A',
      GIT_COMMITTER_EMAIL: 'a@example.org',
    }
    return (await run('git', args, { cwd: this.path, env })).stdout
  }
}
