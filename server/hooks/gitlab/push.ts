import { Type } from 'typebox'
import type { Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { decode } from '../decode.js'
import { pushReading } from '../push.js'
import type { EventReading } from '../reading.js'
import { isCommitId, isZeroId, tagOf } from '../ref.js'
import { NullableString, Person, nullable } from '../shapes.js'
import { cleanEmail, cleanTime } from '../text.js'

const Payload = Type.Object({
  ref: Type.String(),
  before: Type.String(),
  after: Type.String(),
  checkout_sha: NullableString,
  message: NullableString,
  user_name: NullableString,
  user_username: NullableString,
  user_email: NullableString,
  user_avatar: NullableString,
  project: nullable(Type.Object({ web_url: NullableString })),
  commits: nullable(
    Type.Array(
      Type.Object({
        id: NullableString,
        message: NullableString,
        timestamp: NullableString,
        url: NullableString,
        author: nullable(Person),
      }),
    ),
  ),
})
const PushPayload = Compile(Payload)
type PushPayload = Static<typeof Payload>

/**
 * A push of a branch or a tag. For an annotated tag `after` is the tag object and `checkout_sha` the commit.
 * @throws SandpiperError SP_HOOK_BODY_INVALID
 */
export function readPush(payload: unknown): EventReading {
  const push = decode(PushPayload, payload)
  const head = headOf(push)
  const after = commitOf(push)
  return pushReading({
    ref: push.ref,
    before: push.before,
    after,
    deleted: isZeroId(push.after),
    baseRef: '',
    message: head?.message ?? push.message ?? '',
    committed: cleanTime(head?.timestamp),
    link: head?.url ?? pageOf(push, after),
    author: {
      login: push.user_username ?? push.user_name,
      name: head?.author?.name ?? push.user_name,
      email: cleanEmail(head?.author?.email ?? push.user_email),
      avatar: push.user_avatar,
    },
    sender: push.user_username ?? push.user_name ?? '',
  })
}

function commitOf({ ref, after, checkout_sha: checkout }: PushPayload): string {
  return tagOf(ref) !== '' && !isZeroId(after) && isCommitId(checkout ?? '')
    ? (checkout ?? '')
    : after
}

/** Commits come oldest first, and not always all of them. */
function headOf({ after, checkout_sha: checkout, commits }: PushPayload) {
  const tip = commits?.find(({ id }) => id === checkout || id === after)
  return tip ?? commits?.at(-1) ?? null
}

function pageOf({ project, ref }: PushPayload, commit: string): string {
  const page = project?.web_url ?? ''
  if (page === '') return ''
  const tag = tagOf(ref)
  return tag === '' ? `${page}/-/commit/${commit}` : `${page}/-/tags/${tag}`
}
