import { Type } from 'typebox'
import type { Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { decode, parseJson } from '../decode.js'
import { deliveryIdOf, eventNameOf } from '../delivery-id.js'
import { buildsNothing } from '../reading.js'
import type { EventReading, HookFormat } from '../reading.js'
import { nullable } from '../shapes.js'
import { hmacSha256 } from '../signature.js'
import { cleanLine } from '../text.js'
import { ServerRepo, slugOf } from './repo.js'
import { readPullRequest } from './pull-request.js'
import { readPush } from './push.js'

const Payload = Type.Object({
  repository: nullable(ServerRepo),
  pullRequest: nullable(
    Type.Object({ toRef: nullable(Type.Object({ repository: nullable(ServerRepo) })) }),
  ),
})
const AnyPayload = Compile(Payload)
type AnyPayload = Static<typeof Payload>

/** Webhooks of Bitbucket Data Center and Server (confluence.atlassian.com, "Event payload"). */
export const bitbucketServerFormat: HookFormat = {
  forge: 'bitbucket-server',
  scheme: hmacSha256({ 'x-hub-signature-256': 'sha256=', 'x-hub-signature': 'sha256=' }),
  repoField: 'slug',
  read: (headers, body) => {
    const deliveryId = deliveryIdOf(headers, ['x-request-id'], body)
    const eventName = eventNameOf(headers, ['x-event-key'])
    const payload = parseJson(body)
    const slug = slugIn(decode(AnyPayload, payload))
    return { deliveryId, slug, eventName, ...readEvent(eventName, payload) }
  },
}

function slugIn({ repository, pullRequest }: AnyPayload): string | null {
  return slugOf(repository ?? pullRequest?.toRef?.repository)
}

function readEvent(name: string, payload: unknown): EventReading {
  switch (name) {
    case 'repo:refs_changed':
      return readPush(payload)
    case 'pr:opened':
    case 'pr:from_ref_updated':
    case 'pr:modified':
    case 'pr:merged':
    case 'pr:declined':
    case 'pr:deleted':
      return readPullRequest(name, payload)
    case 'diagnostics:ping':
      return buildsNothing('ping: the webhook is set up')
    case 'mirror:repo_synchronized':
      return buildsNothing('a mirror was brought up to date; the push came as an event of its own')
    default:
      return buildsNothing(`the event ${cleanLine(name)} makes no build`)
  }
}
