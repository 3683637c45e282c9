import { Type } from 'typebox'
import type { Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { decode } from '../decode.js'
import { REFS_MAX } from '../limits.js'
import { pushReading } from '../push.js'
import type { Author } from '../push.js'
import { buildsNothing, together } from '../reading.js'
import type { EventReading } from '../reading.js'
import { NullableString, nullable } from '../shapes.js'
import { cleanTime } from '../text.js'
import { BitbucketAccount, Links, authorOf, loginOf } from './account.js'

const Target = Type.Object({
  hash: Type.String(),
  message: NullableString,
  date: NullableString,
  author: nullable(Type.Object({ raw: NullableString, user: nullable(BitbucketAccount) })),
  links: Links,
})
const Ref = Type.Object({ type: Type.String(), name: Type.String(), target: nullable(Target) })
const Change = Type.Object({ old: nullable(Ref), new: nullable(Ref) })

const Payload = Type.Object({
  push: Type.Object({ changes: Type.Array(Change) }),
  actor: nullable(BitbucketAccount),
})
const PushPayload = Compile(Payload)
type PushPayload = Static<typeof Payload>
type Change = Static<typeof Change>

/**
 * A push, of several refs perhaps: each makes a build of its own.
 * @throws SandpiperError SP_HOOK_BODY_INVALID
 */
export function readPush(payload: unknown): EventReading {
  const { push, actor } = decode(PushPayload, payload)
  if (push.changes.length === 0) return buildsNothing('the push changes no ref')
  if (push.changes.length > REFS_MAX) {
    return buildsNothing(`the push changes more than ${REFS_MAX} refs`)
  }
  return together(push.changes.map((change) => readChange(change, actor)))
}

function readChange({ old, new: now }: Change, actor: PushPayload['actor']): EventReading {
  const ref = now ?? old
  if (!ref) return buildsNothing('a change of the push names no ref')
  const fullRef = `refs/${isTag(ref.type) ? 'tags' : 'heads'}/${ref.name}`
  if (!now?.target) return buildsNothing(`${fullRef} was deleted`)
  const { hash, message, date, author, links } = now.target
  return pushReading({
    ref: fullRef,
    before: old?.target?.hash ?? '',
    after: hash,
    deleted: false,
    baseRef: '',
    message: message ?? '',
    committed: cleanTime(date),
    link: links?.html?.href ?? '',
    author: commitAuthor(author),
    sender: loginOf(actor),
  })
}

function isTag(type: string): boolean {
  return type === 'tag' || type === 'annotated_tag'
}

type RawAuthor = NonNullable<Static<typeof Target>['author']>

/** Git's author line, `Ada <ada@example.org>`, and the account that has its address, if any. */
function commitAuthor(author: RawAuthor | null | undefined): Author {
  const [, name, email] = /^([^<]*?)\s*<([^>]*)>/.exec(author?.raw?.slice(0, 1_000) ?? '') ?? []
  const account = authorOf(author?.user)
  return { ...account, name: account.name ?? name, email }
}
