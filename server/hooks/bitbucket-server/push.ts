import { Type } from 'typebox'
import type { Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { decode } from '../decode.js'
import { REFS_MAX } from '../limits.js'
import { pushReading } from '../push.js'
import { buildsNothing, together } from '../reading.js'
import type { EventReading } from '../reading.js'
import { isZeroId } from '../ref.js'
import { NullableString, nullable } from '../shapes.js'
import { cleanTime } from '../text.js'
import { ServerAccount, ServerRepo, authorOf, loginOf, pageOf } from './repo.js'

const Commit = Type.Object({
  id: NullableString,
  message: NullableString,
  author: nullable(ServerAccount),
  authorTimestamp: nullable(Type.Number()),
})
const Change = Type.Object({
  ref: nullable(Type.Object({ id: NullableString })),
  refId: NullableString,
  fromHash: NullableString,
  toHash: NullableString,
  type: NullableString,
})

const Payload = Type.Object({
  actor: nullable(ServerAccount),
  repository: nullable(ServerRepo),
  changes: Type.Array(Change),
  commits: nullable(Type.Array(Commit)),
  toCommit: nullable(Commit),
})
const PushPayload = Compile(Payload)
type PushPayload = Static<typeof Payload>
type Change = Static<typeof Change>

/**
 * A push, of several refs perhaps: each makes a build of its own. Before Bitbucket 8 it says nothing of commits.
 * @throws SandpiperError SP_HOOK_BODY_INVALID
 */
export function readPush(payload: unknown): EventReading {
  const push = decode(PushPayload, payload)
  if (push.changes.length === 0) return buildsNothing('the push changes no ref')
  if (push.changes.length > REFS_MAX) {
    return buildsNothing(`the push changes more than ${REFS_MAX} refs`)
  }
  return together(push.changes.map((change) => readChange(change, push)))
}

function readChange(change: Change, push: PushPayload): EventReading {
  const after = change.toHash ?? ''
  const commit = [push.toCommit, ...(push.commits ?? [])].find((one) => one?.id === after)
  const page = pageOf(push.repository)
  return pushReading({
    ref: change.refId ?? change.ref?.id ?? '',
    before: change.fromHash ?? '',
    after,
    deleted: change.type === 'DELETE' || isZeroId(after),
    baseRef: '',
    message: commit?.message ?? '',
    committed: cleanTime(commit?.authorTimestamp),
    link: page === '' ? '' : `${page}/commits/${after}`,
    author: authorOf(commit?.author ?? push.actor),
    sender: loginOf(push.actor),
  })
}
