import { Type } from 'typebox'
import type { Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { decode } from '../decode.js'
import { UNKNOWN_REPO, sourceRepoOf } from '../fork.js'
import { pullRequestIgnored, pullRequestReading } from '../pull-request.js'
import type { PullRequest, PullRequestAction } from '../pull-request.js'
import type { EventReading } from '../reading.js'
import {
  Account,
  ChangeNumber,
  NullableBoolean,
  NullableId,
  NullableString,
  nullable,
} from '../shapes.js'

const Side = Type.Object({
  ref: Type.String(),
  sha: Type.String(),
  repo: nullable(Type.Object({ id: NullableId, full_name: NullableString })),
})

const Payload = Type.Object({
  action: Type.String(),
  number: ChangeNumber,
  pull_request: Type.Object({
    title: Type.String(),
    body: NullableString,
    html_url: NullableString,
    draft: NullableBoolean,
    merged: NullableBoolean,
    labels: nullable(Type.Array(Type.Object({ name: NullableString }))),
    milestone: nullable(Type.Object({ title: NullableString })),
    user: nullable(Account),
    head: Side,
    base: Side,
  }),
  repository: Type.Object({ id: NullableId, full_name: Type.String() }),
  sender: nullable(Account),
})
const PullRequestPayload = Compile(Payload)
type PullRequestPayload = Static<typeof Payload>

const METADATA_ACTIONS: ReadonlySet<string> = new Set([
  'assigned',
  'unassigned',
  'label_updated',
  'label_cleared',
  'labeled',
  'unlabeled',
  'milestoned',
  'demilestoned',
  'edited',
  'review_requested',
  'review_request_removed',
  'ready_for_review',
  'converted_to_draft',
])

/**
 * A pull request that was opened or closed, got new commits, or changed otherwise.
 * @throws SandpiperError SP_HOOK_BODY_INVALID
 */
export function readPullRequest(payload: unknown): EventReading {
  const hook = decode(PullRequestPayload, payload)
  const action = namedAction(hook.action, hook.pull_request.merged === true)
  return action === null
    ? pullRequestIgnored(hook.action)
    : pullRequestReading(inWords(hook), action)
}

function namedAction(action: string, merged: boolean): PullRequestAction | null {
  if (action === 'opened' || action === 'reopened') return { event: 'pull_request', action }
  // Gitea's word, and GitHub's, which Gitea had once.
  if (action === 'synchronized' || action === 'synchronize') {
    return { event: 'pull_request', action: 'synchronized' }
  }
  if (action === 'closed') {
    return { event: 'pull_request_closed', action: merged ? 'merged' : 'closed' }
  }
  return METADATA_ACTIONS.has(action) ? { event: 'pull_request_metadata', action } : null
}

function inWords(hook: PullRequestPayload): PullRequest {
  const { title, body, html_url: link, head, base, user, ...rest } = hook.pull_request
  const target = base.repo ?? hook.repository
  const { sender } = hook
  return {
    number: hook.number,
    ref: `refs/pull/${hook.number}/head`,
    title,
    body,
    link,
    head: { branch: headBranch(hook), commit: head.sha },
    base: { branch: base.ref, commit: base.sha },
    sourceRepo: isWithoutBranch(hook)
      ? UNKNOWN_REPO
      : sourceRepoOf(
          { slug: head.repo?.full_name, id: head.repo?.id },
          { slug: target.full_name, id: target.id },
        ),
    author: {
      login: user?.login ?? user?.username,
      name: user?.full_name,
      email: user?.email,
      avatar: user?.avatar_url,
    },
    sender: sender?.login ?? sender?.username ?? user?.login ?? '',
    draft: rest.draft,
    labels: rest.labels?.map(({ name }) => name),
    milestone: rest.milestone?.title,
  }
}

/**
 * True for one that was pushed straight to `refs/for/*` (AGit flow): it names the target as its own repo, but whoever
 * may read that can make one, as with a fork.
 */
function isWithoutBranch({ pull_request: { head } }: PullRequestPayload): boolean {
  return head.ref === '' || head.ref.startsWith('refs/')
}

function headBranch({ number, pull_request: { head } }: PullRequestPayload): string {
  return head.ref === '' ? `refs/pull/${number}/head` : head.ref
}
