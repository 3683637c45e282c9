import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { decode, invalidBody, parseJson } from '../decode.js'
import { deliveryIdOf } from '../delivery-id.js'
import { buildsNothing } from '../reading.js'
import type { EventReading, HookFormat } from '../reading.js'
import { NullableString, nullable } from '../shapes.js'
import { plainToken } from '../signature.js'
import { cleanLine } from '../text.js'
import { readMergeRequest } from './merge-request.js'
import { readPush } from './push.js'
import { readRelease } from './release.js'

const Project = nullable(Type.Object({ path_with_namespace: NullableString }))

const Payload = Type.Object({
  object_kind: NullableString,
  event_name: NullableString,
  project: Project,
  path_with_namespace: NullableString,
  object_attributes: nullable(Type.Object({ target: Project })),
})
const AnyPayload = Compile(Payload)
type AnyPayload = Static<typeof Payload>

/**
 * GitLab's webhooks (docs.gitlab.com, "Webhook events") and system hooks. The header says only which of its hooks
 * sends (`Push Hook`, `System Hook`, `Service Hook`); what happened stands in the body.
 */
export const gitlabFormat: HookFormat = {
  forge: 'gitlab',
  scheme: plainToken('x-gitlab-token'),
  repoField: 'path_with_namespace',
  // A tag that is removed and pushed again makes the very same body.
  trustsIds: true,
  read: (headers, body) => {
    const payload = parseJson(body)
    const hook = decode(AnyPayload, payload)
    const kind = hook.object_kind ?? hook.event_name
    if (!kind) throw invalidBody('object_kind', 'is missing')
    return {
      deliveryId: idOf(headers, body),
      slug: slugOf(hook),
      eventName: cleanLine(kind).slice(0, 64),
      ...readEvent(kind, payload),
    }
  },
}

function readEvent(kind: string, payload: unknown): EventReading {
  switch (kind) {
    case 'push':
    case 'tag_push':
      return readPush(payload)
    case 'merge_request':
      return readMergeRequest(payload)
    case 'release':
      return readRelease(payload)
    case 'deployment':
      return buildsNothing("a deployment tells how GitLab's own jobs fare, and makes no build")
    default:
      return buildsNothing(`the event ${cleanLine(kind)} makes no build`)
  }
}

/**
 * `Idempotency-Key` stays the same when a delivery is tried again. Before GitLab 17.4 there is only the UUID of the
 * event, which an event that a hook caused has too, so the body tells them apart.
 */
function idOf(headers: IncomingHttpHeaders, body: Buffer): string {
  const key = headers['idempotency-key']
  if (key !== undefined && key !== '') return deliveryIdOf(headers, ['idempotency-key'], body)
  const id = deliveryIdOf(headers, ['x-gitlab-event-uuid'], body)
  const digest = createHash('sha256').update(body).digest('hex')
  return id.startsWith('body-') ? id : `${id.slice(0, 100)}-${digest.slice(0, 16)}`
}

function slugOf(hook: AnyPayload): string | null {
  return (
    hook.project?.path_with_namespace ??
    hook.object_attributes?.target?.path_with_namespace ??
    hook.path_with_namespace ??
    null
  )
}
