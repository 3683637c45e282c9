import { Type } from 'typebox'
import type { Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { authorOf, loginOf } from '../account.js'
import { decode } from '../decode.js'
import { UNKNOWN_REPO, sourceRepoOf } from '../fork.js'
import type { RepoIdentity } from '../fork.js'
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
type Hook = Static<typeof Payload>

/** Actions that change what a pull request is called, not what it brings; `label_*` are Gitea's. */
const METADATA_ACTIONS: ReadonlySet<string> = new Set([
  'assigned',
  'unassigned',
  'labeled',
  'unlabeled',
  'label_updated',
  'label_cleared',
  'milestoned',
  'demilestoned',
  'edited',
  'converted_to_draft',
  'ready_for_review',
  'review_requested',
  'review_request_removed',
])

/**
 * A pull request that was opened or closed, got new commits, or changed otherwise: GitHub's, and Gitea's and Forgejo's,
 * which look the same. `isNoBranch` tells which of their heads are no branches of any repo.
 * @throws SandpiperError SP_HOOK_BODY_INVALID
 */
export function readPullRequest(
  payload: unknown,
  isNoBranch: (ref: string) => boolean = () => false,
): EventReading {
  const hook = decode(PullRequestPayload, payload)
  const action = actionOf(hook)
  if (action === null) return pullRequestIgnored(hook.action)
  return pullRequestReading(inWords(hook, isNoBranch(hook.pull_request.head.ref)), action)
}

function actionOf({ action, changes, pull_request: pull }: Hook): PullRequestAction | null {
  switch (action) {
    case 'opened':
    case 'reopened':
      return { event: 'pull_request', action }
    case 'synchronize':
    case 'synchronized': // Gitea's word for it.
      return { event: 'pull_request', action: 'synchronized' }
    case 'closed':
      return { event: 'pull_request_closed', action: pull.merged === true ? 'merged' : 'closed' }
    default:
      // Another branch to merge into is another result to test.
      if (action === 'edited' && changes?.base) {
        return { event: 'pull_request', action: 'synchronized' }
      }
      return METADATA_ACTIONS.has(action) ? { event: 'pull_request_metadata', action } : null
  }
}

/** The repo of a head that is no branch can't be known: whoever may read can make one, as with a fork. */
function inWords(hook: Hook, isNoBranch: boolean): PullRequest {
  const { title, body, html_url: link, head, base, user, ...rest } = hook.pull_request
  const { repository, sender, number } = hook
  const target = base.repo ?? repository
  const ref = `refs/pull/${number}/head`
  return {
    ...{ number, ref, title, body, link },
    head: { branch: isNoBranch && head.ref === '' ? ref : head.ref, commit: head.sha },
    base: { branch: base.ref, commit: base.sha },
    sourceRepo: isNoBranch ? UNKNOWN_REPO : sourceRepoOf(identityOf(head.repo), identityOf(target)),
    author: authorOf(user),
    sender: loginOf(sender) ?? loginOf(user) ?? '',
    draft: rest.draft,
    labels: rest.labels?.map(({ name }) => name),
    milestone: rest.milestone?.title,
  }
}

function identityOf(repo: Hook['repository'] | Static<typeof Side>['repo']): RepoIdentity {
  return { slug: repo?.full_name, id: repo?.id }
}
