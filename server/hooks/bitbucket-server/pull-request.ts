import { Type } from 'typebox'
import type { Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { decode, invalidBody } from '../decode.js'
import { sourceRepoOf } from '../fork.js'
import { pullRequestReading } from '../pull-request.js'
import type { PullRequest, PullRequestAction } from '../pull-request.js'
import type { EventReading } from '../reading.js'
import { branchOf } from '../ref.js'
import { ChangeNumber, NullableBoolean, NullableString, nullable } from '../shapes.js'
import { ServerAccount, ServerRepo, authorOf, loginOf, slugOf } from './repo.js'

const Ref = Type.Object({
  id: Type.String(),
  latestCommit: Type.String(),
  repository: nullable(ServerRepo),
})

const Payload = Type.Object({
  actor: nullable(ServerAccount),
  previousTarget: nullable(Type.Object({ id: NullableString, latestCommit: NullableString })),
  pullRequest: Type.Object({
    id: ChangeNumber,
    title: Type.String(),
    description: NullableString,
    draft: NullableBoolean,
    author: nullable(Type.Object({ user: nullable(ServerAccount) })),
    fromRef: Ref,
    toRef: Ref,
    links: nullable(
      Type.Object({
        self: nullable(
          Type.Array(Type.Union([Type.Null(), Type.Object({ href: NullableString })])),
        ),
      }),
    ),
  }),
})
const PullRequestPayload = Compile(Payload)
type PullRequestPayload = Static<typeof Payload>

/**
 * A pull request that was opened, merged, declined or deleted, got new commits, or changed otherwise.
 * @throws SandpiperError SP_HOOK_BODY_INVALID
 */
export function readPullRequest(eventKey: string, payload: unknown): EventReading {
  const hook = decode(PullRequestPayload, payload)
  return pullRequestReading(inWords(hook), actionOf(eventKey, hook))
}

function actionOf(eventKey: string, hook: PullRequestPayload): PullRequestAction {
  switch (eventKey) {
    case 'pr:opened':
      return { event: 'pull_request', action: 'opened' }
    case 'pr:from_ref_updated':
      return { event: 'pull_request', action: 'synchronized' }
    case 'pr:merged':
      return { event: 'pull_request_closed', action: 'merged' }
    case 'pr:modified':
      return isRetargeted(hook)
        ? { event: 'pull_request', action: 'synchronized' }
        : { event: 'pull_request_metadata', action: 'edited' }
    default:
      return { event: 'pull_request_closed', action: 'closed' }
  }
}

/** Another branch, or commit, to merge into is another result to test. */
function isRetargeted({ previousTarget: before, pullRequest }: PullRequestPayload): boolean {
  const { id, latestCommit } = pullRequest.toRef
  const is = (old: string | null | undefined, now: string) => !old || old === now
  return !is(before?.id, id) || !is(before?.latestCommit, latestCommit)
}

function inWords({ pullRequest: pull, actor }: PullRequestPayload): PullRequest {
  const { fromRef: from, toRef: to } = pull
  return {
    number: pull.id,
    ref: `refs/pull-requests/${pull.id}/from`,
    title: pull.title,
    body: pull.description,
    link: pull.links?.self?.[0]?.href,
    head: { branch: nameOf(from.id), commit: from.latestCommit },
    base: { branch: branchOf(to.id), commit: to.latestCommit },
    sourceRepo: sourceRepoOf(
      { slug: slugOf(from.repository), id: from.repository?.id },
      { slug: slugOf(to.repository), id: to.repository?.id },
    ),
    author: authorOf(pull.author?.user),
    sender: loginOf(actor),
    draft: pull.draft,
  }
}

/** A pull request may come from a tag. */
function nameOf(ref: string): string {
  if (!ref.startsWith('refs/')) throw invalidBody('pullRequest.fromRef.id', 'is not a full ref')
  return ref.replace(/^refs\/(?:heads|tags)\//, '')
}
