import { execFile } from 'node:child_process'
import { realpath, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The tree that `sandpiper exec` runs on, and what git knows about it. */
export interface WorkingTree {
  /** Top of the repository that holds the pipeline file, or the file's own directory outside of git. */
  readonly path: string
  /** Host user that owns it, shown as root inside. */
  readonly owner: number
  readonly slug: string
  readonly cloneUrl: string
  readonly branch: string
  /** Checked-out commit; all zeros when there is none. */
  readonly commit: string
  readonly before: string
  readonly message: string
  readonly author: { readonly name: string; readonly email: string }
}

const NULL_ID = '0'.repeat(40)

/** A working tree of nobody's, for what needs one and does not care which. */
export function anonymousTree(path: string, slug: string): WorkingTree {
  const author = { name: '', email: '' }
  const commit = NULL_ID
  return {
    path,
    owner: 0,
    slug,
    cloneUrl: '',
    branch: 'main',
    commit,
    before: '',
    message: '',
    author,
  }
}

/** Reads a working tree's facts. Git's own settings are left out as far as they could run programs. */
export async function readWorkingTree(file: string): Promise<WorkingTree> {
  const directory = await realpath(dirname(file))
  const path = (await git(directory, 'rev-parse', '--show-toplevel')) || directory
  const owner = (await stat(path)).uid
  const log = await git(
    path,
    'log',
    '-1',
    '--no-show-signature',
    '--format=%H%x00%P%x00%an%x00%ae%x00%B',
  )
  const [commit = '', parents = '', name = '', email = '', message = ''] = log.split('\0')
  const cloneUrl = await git(path, 'config', '--get', 'remote.origin.url')
  return {
    path,
    owner,
    slug: slugOf(cloneUrl) ?? `local/${basename(path) || 'root'}`,
    cloneUrl,
    branch: await git(path, 'symbolic-ref', '--quiet', '--short', 'HEAD'),
    commit: commit || NULL_ID,
    before: parents.split(' ')[0] ?? '',
    message: message.trim(),
    author: { name, email },
  }
}

/** `owner/name` at the end of a clone address. */
export function slugOf(cloneUrl: string): string | null {
  const match = /([^/:\s]+)\/([^/:\s]+?)(?:\.git)?\/?$/.exec(cloneUrl)
  return match === null ? null : `${match[1] ?? ''}/${match[2] ?? ''}`
}

/** Output of a git command without its last newline; empty when it fails. */
async function git(cwd: string, ...args: string[]): Promise<string> {
  // An index that another user owns is refused by git; we only read, and hooks and monitors stay off.
  const safe = [
    '-c',
    'safe.directory=*',
    '-c',
    'core.fsmonitor=false',
    '-c',
    'core.hooksPath=/dev/null',
  ]
  const { stdout } = await run('git', ['-C', cwd, ...safe, ...args], { timeout: 10_000 }).catch(
    () => ({
      stdout: '',
    }),
  )
  return stdout.trimEnd()
}
