import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { SandpiperError } from '../protocol/errors.js'
import { branchOf } from './arguments.js'
import { inMirror } from './context.js'
import type { MirrorContext } from './context.js'
import { commonError, GitFailure } from './failure.js'
import { commitRef, createCheckoutRepository, objectFormatOf } from './layout.js'
import { DEPTH_ALL } from './limits.js'
import { noCommit } from './read-file.js'
import { runGit } from './run.js'
import type { GitCommand } from './run.js'
import { updateSubmodules } from './submodules.js'
import type { CheckoutOptions } from './types.js'

/** Words about the way from the mirror, which is a detail of ours, and about branches. */
const UNINTERESTING =
  /^(?:remote: |From \/| \* |Reset branch|Switched to |branch '.*' set up|HEAD is now at|Your branch )/

type Base = Pick<GitCommand, 'home' | 'directory' | 'signal' | 'onLine' | 'secrets'>

/**
 * Checks a commit of the mirror out into an empty directory: one fetch over a local path, so that the
 * checkout shares no file with the mirror, and one checkout.
 * @throws GitFailure when the mirror can not be read; SandpiperError as `GitMirror.checkout` says
 */
export async function checkoutCommit(
  context: MirrorContext,
  directory: string,
  options: CheckoutOptions,
): Promise<void> {
  const { commit } = options
  const ref = await readFile(inMirror(context, commitRef(commit)), 'utf8').catch(() => '')
  if (ref.trim() !== commit) throw noCommit(context, commit)
  const branch = branchOf(options.ref)
  const gitDirectory = join(directory, '.git')
  await mkdir(gitDirectory, { recursive: true })
  const { url } = context.remote
  await createCheckoutRepository(gitDirectory, objectFormatOf(commit), url, branch)
  const base: Base = {
    home: await context.home(),
    directory,
    signal: options.signal,
    onLine: (line) => {
      if (line !== '' && !UNINTERESTING.test(line))
        options.onOutput(`${line.replaceAll(`${directory}/`, '')}\n`)
    },
    secrets: context.remote.secrets,
  }
  await fetchFromMirror(context, base, options, branch)
  await checkOutTree(context, base, commit, branch)
  options.onOutput(`Checked out ${commit}${branch === null ? '' : ` as ${branch}`}\n`)
  if (options.submodules) await updateSubmodules(context, base, options.depth)
}

/**
 * Makes the directory, or sees that it is empty.
 * @throws SandpiperError SP_GIT_NOT_EMPTY
 */
export async function claimEmptyDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true })
  if ((await readdir(directory)).length === 0) return
  throw new SandpiperError('SP_GIT_NOT_EMPTY', `${directory} is not empty`, {
    hint: 'A checkout needs a directory of its own.',
  })
}

/** Removes what a failed checkout left in its directory. */
export async function emptyDirectory(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    await rm(join(directory, name), { recursive: true, force: true })
  }
}

async function fetchFromMirror(
  context: MirrorContext,
  base: Base,
  options: CheckoutOptions,
  branch: string | null,
): Promise<void> {
  const { commit, depth } = options
  const to = branch === null ? '' : `:refs/remotes/origin/${branch}`
  await runGit({
    ...base,
    gitDirectory: join(base.directory, '.git'),
    transports: 'file',
    args: [
      ...['-c', 'core.fsync=none', '-c', 'fetch.unpackLimit=1', 'fetch', '--progress', '--no-tags'],
      ...['--no-write-fetch-head', '--no-recurse-submodules', '--update-shallow'],
      ...(depth === DEPTH_ALL ? [] : [`--depth=${String(depth)}`]),
      ...['--', context.path, `+${commit}${to}`],
    ],
  })
}

/** What git got is whole by now, so that a failure here is the tree's or the disk's, not the mirror's. */
async function checkOutTree(
  context: MirrorContext,
  base: Base,
  commit: string,
  branch: string | null,
): Promise<void> {
  const target = branch === null ? ['--detach'] : ['--no-track', '-B', branch]
  try {
    await runGit({
      ...base,
      gitDirectory: join(base.directory, '.git'),
      workTree: base.directory,
      transports: '',
      args: ['-c', 'core.fsync=none', 'checkout', '--progress', '--force', ...target, commit, '--'],
    })
  } catch (error) {
    if (!(error instanceof GitFailure)) throw error
    throw commonError(error, `could not check out ${commit} of ${context.slug}`)
  }
}
