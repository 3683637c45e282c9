import { Type } from 'typebox'
import type { Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { authorOf as accountAuthor, loginOf } from '../account.js'
import { decode } from '../decode.js'
import { pushReading } from '../push.js'
import type { Author } from '../push.js'
import type { EventReading } from '../reading.js'
import { isCommitId, tagOf } from '../ref.js'
import { Account, NullableString, Person, nullable } from '../shapes.js'
import { cleanTime } from '../text.js'
import { tagKey } from './tag-key.js'

const Commit = Type.Object({
  id: NullableString,
  message: NullableString,
  timestamp: NullableString,
  author: nullable(Person),
})

const Payload = Type.Object({
  ref: Type.String(),
  before: NullableString,
  after: Type.String(),
  compare_url: NullableString,
  commits: nullable(Type.Array(Commit)),
  head_commit: nullable(Commit),
  pusher: nullable(Account),
  sender: nullable(Account),
})
const PushPayload = Compile(Payload)
type PushPayload = Static<typeof Payload>

/**
 * A push of a branch or a tag. For an annotated tag `after` is the tag object and `head_commit` the commit.
 * @throws SandpiperError SP_HOOK_BODY_INVALID
 */
export function readPush(payload: unknown): EventReading {
  const push = decode(PushPayload, payload)
  const isTag = tagOf(push.ref) !== ''
  const head = headOf(push)
  const commit = isTag && isCommitId(head?.id ?? '') ? head?.id : undefined
  const reading = pushReading({
    ref: push.ref,
    before: push.before ?? '',
    after: commit ?? push.after,
    deleted: push.after === '' || /^0+$/.test(push.after),
    baseRef: '',
    message: head?.message ?? '',
    committed: cleanTime(head?.timestamp),
    link: push.compare_url ?? '',
    author: authorOf(push, head),
    sender: loginOf(push.sender) ?? push.pusher?.login ?? '',
  })
  return isTag ? { ...reading, eventKey: tagKey(push.ref, push.after) } : reading
}

/** Commits come newest first, and not always all of them. */
function headOf({ after, commits, head_commit: head }: PushPayload) {
  return head ?? commits?.find(({ id }) => id === after) ?? commits?.[0] ?? null
}

function authorOf({ pusher, sender }: PushPayload, head: ReturnType<typeof headOf>): Author {
  const { author } = head ?? {}
  const avatar = sender?.avatar_url ?? pusher?.avatar_url
  if (author) {
    return { login: author.username, name: author.name, email: author.email, avatar }
  }
  return { ...accountAuthor(pusher ?? sender), avatar }
}
