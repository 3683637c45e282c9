import type { BuildEvent } from '../../pipelines/event.js'
import { invalidBody } from './decode.js'
import { LABELS_MAX } from './limits.js'
import { commonEvent } from './push.js'
import type { Author } from './push.js'
import { builds, buildsNothing } from './reading.js'
import type { EventReading } from './reading.js'
import { isAbbreviatedId, isCommitId, isFullRef } from './ref.js'
import { skipDirective } from './skip.js'
import { cleanLine, cleanText } from './text.js'

/** What happened to a pull request: the names that pipelines know (Drone's, then Woodpecker's). */
export interface PullRequestAction {
  readonly event: 'pull_request' | 'pull_request_closed' | 'pull_request_metadata'
  readonly action: string
}

/** A pull request in words that every forge's can be put in; nothing in it is checked yet. */
export interface PullRequest {
  readonly number: number
  /** Ref that the forge keeps its head under. */
  readonly ref: string
  readonly title: string
  readonly body: string | null | undefined
  readonly link: string | null | undefined
  readonly head: Side
  readonly base: Side
  /** `sourceRepoOf` its two repos. */
  readonly sourceRepo: string
  readonly author: Author
  readonly sender: string
  readonly committed?: number | undefined
  readonly draft?: boolean | null | undefined
  readonly labels?: readonly (string | null | undefined)[] | null | undefined
  readonly milestone?: string | null | undefined
}

/** One of its two branches: name without `refs/heads/`, and commit, empty where the forge does not say. */
export interface Side {
  readonly branch: string
  readonly commit: string
}

/**
 * The build event of a pull request.
 * @throws SandpiperError SP_HOOK_BODY_INVALID when a branch or a commit id is malformed
 */
export function pullRequestReading(
  pull: PullRequest,
  { event, action }: PullRequestAction,
): EventReading {
  checkSide('head', pull.head)
  checkSide('base', pull.base)
  const directive = skipDirective(pull.title, pull.body)
  if (directive !== null) return buildsNothing(`the pull request has ${directive}`)
  return builds({
    ...commonEvent(pull.author, pull.sender, pull.link ?? ''),
    event,
    action: cleanLine(action),
    ref: pull.ref,
    branch: pull.base.branch,
    sourceBranch: pull.head.branch,
    sourceRepo: pull.sourceRepo,
    after: pull.head.commit,
    before: isCommitId(pull.base.commit) ? pull.base.commit : '',
    message: cleanText(pull.body),
    title: cleanLine(pull.title),
    ...(pull.committed === undefined ? {} : { committed: pull.committed }),
    ...detailsOf(pull),
  })
}

/** The reading of an action that nobody builds. */
export function pullRequestIgnored(action: string): EventReading {
  return buildsNothing(`a pull request that was ${cleanLine(action)} makes no build`)
}

function detailsOf({
  draft,
  labels,
  milestone,
}: PullRequest): Pick<BuildEvent, 'draft' | 'labels' | 'milestone'> {
  const names = labels?.flatMap((name) => (name ? [cleanLine(name)] : []))
  return {
    ...(typeof draft === 'boolean' ? { draft } : {}),
    ...(names === undefined ? {} : { labels: names.slice(0, LABELS_MAX) }),
    ...(milestone ? { milestone: cleanLine(milestone) } : {}),
  }
}

function checkSide(name: 'head' | 'base', { branch, commit }: Side): void {
  if (!isCommitId(commit) && !isAbbreviatedId(commit) && !(name === 'base' && commit === '')) {
    throw invalidBody(`pull_request.${name}.sha`, 'must be 40 or 64 lower-case hex digits')
  }
  if (!isFullRef(`refs/heads/${branch}`)) {
    throw invalidBody(`pull_request.${name}.ref`, 'is not a branch name that git accepts')
  }
}
