import type { GitMirror } from '../../git/types.js'
import type { BuildEvent } from '../../pipelines/event.js'

/** The commit that an event is about, or why nobody can tell, in words for the build's page. */
export type WholeCommit =
  /** `tag`: the full ref of the tag that it was found on, where the event said no more than a name. */
  { readonly commit: string; readonly tag?: string } | { readonly error: string }

/**
 * The whole id of the event's commit. Releases come with a tag alone, and Bitbucket's pull requests with the first
 * digits; what such a ref points to now is looked up, and has to fit.
 * @throws SandpiperError SP_GIT_...
 */
export async function wholeCommit(mirror: GitMirror, event: BuildEvent): Promise<WholeCommit> {
  const { after, sourceBranch, sourceRepo } = event
  if (event.unproven === true) return provenCommit(mirror, event)
  if (after.length >= 40) return { commit: after }
  if (event.event.startsWith('pull_request') && sourceRepo !== '') {
    const error = `commit ${after} is in ${sourceRepo}, and its forge offers no way to fetch it`
    return { error: `${error}\nhint: push the branch to the repo itself` }
  }
  const isBranch = event.event.startsWith('pull_request')
  const ref = isBranch ? `refs/heads/${sourceBranch}` : event.ref
  const tip = await mirror.tipOf(ref)
  if (tip === null) return { error: `the repo has no ${ref}` }
  if (tip.startsWith(after)) return { commit: tip }
  return { error: `${ref} has moved on from ${after} to ${tip}, which has a build of its own` }
}

/**
 * The commit that somebody named, if it is on the branch or tag. A forge gives out the commits of forks by the id as
 * well: they would be built with the secrets of the repo.
 */
async function provenCommit(mirror: GitMirror, event: BuildEvent): Promise<WholeCommit> {
  const { after, ref } = event
  let isAnywhere = false
  for (const place of placesOf(event)) {
    const isThere = (await mirror.tipOf(place)) === after || (await mirror.isBelow(after, place))
    if (isThere === true) return { commit: after, ...(place === ref ? {} : { tag: place }) }
    isAnywhere ||= isThere === false
  }
  if (!isAnywhere) return { error: `the repo has no ${ref}` }
  const error = `commit ${after} is not on ${ref} of the repo`
  const hint =
    'name the branch or tag that it is on; commits of forks are built by their pull requests'
  return { error: `${error}\nhint: ${hint}` }
}

/** A forge does not say whether what is to be deployed is a branch or a tag. */
function placesOf({ event, ref }: BuildEvent): readonly string[] {
  const isEither = event === 'promote' && ref.startsWith(BRANCHES)
  return isEither ? [ref, `refs/tags/${ref.slice(BRANCHES.length)}`] : [ref]
}

const BRANCHES = 'refs/heads/'
