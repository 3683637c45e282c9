import { Type } from 'typebox'
import type { Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { decode } from '../decode.js'
import { sourceRepoOf } from '../fork.js'
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
  changes: nullable(Type.Object({ base: nullable(Type.Object({})) })),
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

/** Actions that change what a pull request is called, not what it brings. */
const METADATA_ACTIONS: ReadonlySet<string> = new Set([
  'assigned',
  'unassigned',
  'labeled',
  'unlabeled',
  'milestoned',
  'demilestoned',
  'edited',
  'converted_to_draft',
  'ready_for_review',
  'review_requested',
  'review_request_removed',
])

/**
 * A pull request that was opened or closed, got new commits, or changed otherwise.
 * @throws SandpiperError SP_HOOK_BODY_INVALID
 */
export function readPullRequest(payload: unknown): EventReading {
  const hook = decode(PullRequestPayload, payload)
  const action = actionOf(hook)
  return action === null
    ? pullRequestIgnored(hook.action)
    : pullRequestReading(inWords(hook), action)
}

function actionOf({ action, changes, pull_request: pull }: PullRequestPayload) {
  return namedAction(action, { merged: pull.merged === true, retargeted: Boolean(changes?.base) })
}

function namedAction(
  action: string,
  { merged, retargeted }: { readonly merged: boolean; readonly retargeted: boolean },
): PullRequestAction | null {
  if (action === 'opened' || action === 'reopened') return { event: 'pull_request', action }
  // Another branch to merge into is another result to test.
  const isNew = action === 'synchronize' || (action === 'edited' && retargeted)
  if (isNew) return { event: 'pull_request', action: 'synchronized' }
  if (action === 'closed') {
    return { event: 'pull_request_closed', action: merged ? 'merged' : 'closed' }
  }
  return METADATA_ACTIONS.has(action) ? { event: 'pull_request_metadata', action } : null
}

function inWords(hook: PullRequestPayload): PullRequest {
  const { title, body, html_url: link, head, base, user, ...rest } = hook.pull_request
  const target = base.repo ?? hook.repository
  return {
    number: hook.number,
    ref: `refs/pull/${hook.number}/head`,
    title,
    body,
    link,
    head: { branch: head.ref, commit: head.sha },
    base: { branch: base.ref, commit: base.sha },
    sourceRepo: sourceRepoOf(
      { slug: head.repo?.full_name, id: head.repo?.id },
      { slug: target.full_name, id: target.id },
    ),
    author: { login: user?.login, email: user?.email, avatar: user?.avatar_url },
    sender: hook.sender?.login ?? user?.login ?? '',
    draft: rest.draft,
    labels: rest.labels?.map(({ name }) => name),
    milestone: rest.milestone?.title,
  }
}
