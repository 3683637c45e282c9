import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { decode, parseJson } from '../decode.js'
import { deliveryIdOf, eventNameOf } from '../delivery-id.js'
import { buildsNothing } from '../reading.js'
import type { EventReading, HookFormat } from '../reading.js'
import { NullableString, nullable } from '../shapes.js'
import { hmacSha256 } from '../signature.js'
import { cleanLine } from '../text.js'
import { readPullRequest } from './pull-request.js'
import { readPush } from './push.js'

const WithRepository = Compile(
  Type.Object({ repository: nullable(Type.Object({ full_name: NullableString })) }),
)

/** Webhooks of Bitbucket Cloud (support.atlassian.com, "Event payloads"). */
export const bitbucketFormat: HookFormat = {
  forge: 'bitbucket',
  scheme: hmacSha256({ 'x-hub-signature-256': 'sha256=', 'x-hub-signature': 'sha256=' }),
  repoField: 'full_name',
  read: (headers, body) => {
    // It stays the same when a delivery is tried again (`X-Attempt-Number`).
    const deliveryId = deliveryIdOf(headers, ['x-request-uuid'], body)
    const eventName = eventNameOf(headers, ['x-event-key'])
    const payload = parseJson(body)
    const slug = decode(WithRepository, payload).repository?.full_name ?? null
    return { deliveryId, slug, eventName, ...readEvent(eventName, payload) }
  },
}

function readEvent(name: string, payload: unknown): EventReading {
  switch (name) {
    case 'repo:push':
      return readPush(payload)
    case 'pullrequest:created':
      return readPullRequest(payload, { event: 'pull_request', action: 'opened' })
    case 'pullrequest:updated':
      // It does not say whether there are new commits.
      return readPullRequest(payload, { event: 'pull_request', action: 'synchronized' })
    case 'pullrequest:fulfilled':
      return readPullRequest(payload, { event: 'pull_request_closed', action: 'merged' })
    case 'pullrequest:rejected':
      return readPullRequest(payload, { event: 'pull_request_closed', action: 'closed' })
    default:
      return buildsNothing(`the event ${cleanLine(name)} makes no build`)
  }
}
