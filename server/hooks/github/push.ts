import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { decode } from '../decode.js'
import { pushReading } from '../push.js'
import type { EventReading } from '../reading.js'
import { tagOf } from '../ref.js'
import { cleanTime } from '../text.js'
import { Account, NullableBoolean, NullableString, Person, nullable } from '../shapes.js'

const PushPayload = Compile(
  Type.Object({
    ref: Type.String(),
    before: Type.String(),
    after: Type.String(),
    deleted: NullableBoolean,
    base_ref: NullableString,
    compare: NullableString,
    head_commit: nullable(
      Type.Object({
        id: NullableString,
        message: NullableString,
        timestamp: NullableString,
        author: nullable(Person),
      }),
    ),
    repository: Type.Object({ full_name: Type.String() }),
    sender: nullable(Account),
    pusher: nullable(Type.Object({ name: NullableString })),
  }),
)

/**
 * A push of a branch or a tag. For an annotated tag `after` is the tag object, so the commit comes from
 * `head_commit`.
 * @throws SandpiperError SP_HOOK_BODY_INVALID
 */
export function readPush(payload: unknown): EventReading {
  const push = decode(PushPayload, payload)
  const head = push.head_commit ?? null
  const isTag = tagOf(push.ref) !== ''
  return pushReading({
    ref: push.ref,
    before: push.before,
    after: (isTag ? head?.id : push.after) ?? push.after,
    deleted: push.deleted ?? false,
    baseRef: push.base_ref ?? '',
    message: head?.message ?? '',
    committed: cleanTime(head?.timestamp),
    link: push.compare ?? '',
    author: {
      login: head?.author?.username,
      name: head?.author?.name,
      email: head?.author?.email,
      avatar: push.sender?.avatar_url,
    },
    sender: push.sender?.login ?? push.pusher?.name ?? '',
  })
}
