import { Type } from 'typebox'
import type { Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { authorOf, loginOf } from '../account.js'
import { decode, invalidBody } from '../decode.js'
import { pushReading } from '../push.js'
import { buildsNothing } from '../reading.js'
import type { EventReading } from '../reading.js'
import { isCommitId } from '../ref.js'
import { Account, NullableString, nullable } from '../shapes.js'
import { cleanLine } from '../text.js'
import { tagKey } from './tag-key.js'

const Payload = Type.Object({
  ref: Type.String(),
  ref_type: NullableString,
  sha: NullableString,
  repository: nullable(Type.Object({ html_url: NullableString })),
  sender: nullable(Account),
})
const RefPayload = Compile(Payload)
type RefPayload = Static<typeof Payload>

/**
 * A new branch or tag.
 * @throws SandpiperError SP_HOOK_BODY_INVALID
 */
export function readCreate(payload: unknown): EventReading {
  const hook = decode(RefPayload, payload)
  const { ref_type: type, ref } = hook
  if (type === 'tag') return readTag(hook)
  return buildsNothing(
    `the new ${cleanLine(type ?? 'ref')} ${cleanLine(ref)} comes as a push as well`,
  )
}

/**
 * A deleted branch or tag.
 * @throws SandpiperError SP_HOOK_BODY_INVALID
 */
export function readDelete(payload: unknown): EventReading {
  const { ref_type: type, ref } = decode(RefPayload, payload)
  return buildsNothing(`the ${cleanLine(type ?? 'ref')} ${cleanLine(ref)} was deleted`)
}

function readTag({ ref: name, sha, repository, sender }: RefPayload): EventReading {
  const ref = name.startsWith('refs/tags/') ? name : `refs/tags/${name}`
  if (!isCommitId(sha ?? '')) throw invalidBody('sha', 'must be 40 or 64 lower-case hex digits')
  const page = repository?.html_url ?? ''
  const reading = pushReading({
    ref,
    before: '',
    after: sha ?? '',
    deleted: false,
    baseRef: '',
    message: '',
    link: page === '' ? '' : `${page}/src/tag/${name}`,
    author: authorOf(sender),
    sender: loginOf(sender) ?? '',
  })
  return { ...reading, eventKey: tagKey(ref, sha ?? '') }
}
