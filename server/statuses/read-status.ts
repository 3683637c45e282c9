import type { BuildEvent } from '../../pipelines/event.js'
import type { CommitStatus } from '../forges/types.js'
import { pageLink } from '../links.js'
import type { Db } from '../store/database.js'
import type { StatusClaim } from '../store/statuses.js'
import { describeBuild } from './describe.js'
import { readBuild } from './read-build.js'

/** The status that a build has now; null when the build is gone. */
export async function readStatus(
  db: Db,
  { buildId, commit, context, repo }: StatusClaim,
  { publicUrl, prefix }: { readonly publicUrl: string; readonly prefix: string },
): Promise<CommitStatus | null> {
  const build = await readBuild(db, buildId)
  if (build === null) return null
  const { number } = build
  const { state, description, step } = describeBuild(build)
  const place = { slug: `${repo.owner}/${repo.name}`, number, ...(step ? { step } : {}) }
  return {
    ...{ commit, state, description, number },
    context: fullContext(prefix, context),
    link: pageLink(publicUrl, place),
    branch: branchOf(build.event),
  }
}

/** The context as the forge has it. */
export function fullContext(prefix: string, context: string): string {
  return `${prefix}/${context}`
}

function branchOf({ ref, sourceBranch, branch }: BuildEvent): string {
  if (ref.startsWith('refs/tags/')) return ref.slice('refs/tags/'.length)
  return sourceBranch || branch
}
