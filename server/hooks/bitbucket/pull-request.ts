import { Type } from 'typebox'
import type { Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { decode } from '../decode.js'
import { sourceRepoOf } from '../fork.js'
import { pullRequestReading } from '../pull-request.js'
import type { PullRequest, PullRequestAction } from '../pull-request.js'
import { buildsNothing } from '../reading.js'
import type { EventReading } from '../reading.js'
import { ChangeNumber, NullableBoolean, NullableString, nullable } from '../shapes.js'
import { BitbucketAccount, Links, authorOf, loginOf } from './account.js'

const Side = Type.Object({
  branch: Type.Object({ name: Type.String() }),
  commit: nullable(Type.Object({ hash: NullableString })),
  repository: nullable(Type.Object({ uuid: NullableString, full_name: NullableString })),
})

const Payload = Type.Object({
  pullrequest: Type.Object({
    id: ChangeNumber,
    title: Type.String(),
    description: NullableString,
    draft: NullableBoolean,
    links: Links,
    author: nullable(BitbucketAccount),
    source: Side,
    destination: Side,
  }),
  actor: nullable(BitbucketAccount),
})
const PullRequestPayload = Compile(Payload)
type PullRequestPayload = Static<typeof Payload>

/**
 * A pull request. Its commits have their first twelve digits only.
 * @throws SandpiperError SP_HOOK_BODY_INVALID
 */
export function readPullRequest(payload: unknown, action: PullRequestAction): EventReading {
  const hook = decode(PullRequestPayload, payload)
  const commit = hook.pullrequest.source.commit?.hash
  if (!commit) return buildsNothing('the pull request has no commit')
  return pullRequestReading(inWords(hook, commit), action)
}

function inWords({ pullrequest: pull, actor }: PullRequestPayload, commit: string): PullRequest {
  const { source, destination } = pull
  return {
    number: pull.id,
    ref: `refs/pull-requests/${pull.id}/from`,
    title: pull.title,
    body: pull.description,
    link: pull.links?.html?.href,
    head: { branch: source.branch.name, commit },
    base: { branch: destination.branch.name, commit: destination.commit?.hash ?? '' },
    sourceRepo: sourceRepoOf(
      { slug: source.repository?.full_name, id: source.repository?.uuid },
      { slug: destination.repository?.full_name, id: destination.repository?.uuid },
    ),
    author: authorOf(pull.author),
    sender: loginOf(actor),
    draft: pull.draft,
  }
}
