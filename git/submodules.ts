import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { SandpiperError } from '../protocol/errors.js'
import type { MirrorContext } from './context.js'
import { GitFailure } from './failure.js'
import { DEPTH_ALL } from './limits.js'
import { runGit } from './run.js'
import type { GitCommand } from './run.js'
import { REFUSED_SCHEME, submoduleRules } from './submodule-hosts.js'

/**
 * Transports for submodules, whose addresses come from whoever wrote the commit: never local paths,
 * which would read any repo of this host, and never ssh, which would lend out this host's keys.
 */
const SUBMODULE_TRANSPORTS = 'http:https:git'

/**
 * Gets the submodules of a checkout, nested ones as well. They come from the repo's own host and those that
 * the operator named: this host may reach places that whoever wrote the commit may not.
 * @throws SandpiperError SP_GIT_SUBMODULE
 */
export async function updateSubmodules(
  context: MirrorContext,
  base: Omit<GitCommand, 'args' | 'transports'>,
  depth: number,
): Promise<void> {
  const found = await lstat(join(base.directory, '.gitmodules')).catch(() => null)
  if (!found?.isFile()) return
  const rules = submoduleRules(context.remote, context.submoduleHosts)
  const limit = depth === DEPTH_ALL ? [] : [`--depth=${String(depth)}`]
  try {
    await runGit({
      ...base,
      transports: SUBMODULE_TRANSPORTS,
      args: [...rules, 'submodule', 'update', '--init', '--recursive', '--progress', ...limit],
    })
  } catch (error) {
    if (!(error instanceof GitFailure)) throw error
    throw submoduleError(context.slug, error)
  }
}

const REFUSED = new RegExp(
  `transport '${REFUSED_SCHEME}' not allowed; fatal: clone of '(.*?)' into submodule path`,
)

function submoduleError(slug: string, cause: GitFailure): SandpiperError {
  const url = REFUSED.exec(cause.said)?.[1]
  const why =
    url === undefined ? `git said: ${cause.said}` : `one is at ${url}, which is not allowed`
  return new SandpiperError('SP_GIT_SUBMODULE', `could not get the submodules of ${slug}; ${why}`, {
    hint:
      'Submodules come over https://, http:// or git:// only, without credentials, from the host of ' +
      "the repo's own clone URL and those in the runner's SANDPIPER_SUBMODULE_HOSTS.",
    cause,
  })
}
