import type { IncomingHttpHeaders } from 'node:http'
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { decode, invalidBody, parseJson } from '../decode.js'
import { deliveryIdOf, eventNameOf } from '../delivery-id.js'
import { buildsNothing } from '../reading.js'
import type { EventReading, HookFormat } from '../reading.js'
import { NullableString, nullable } from '../shapes.js'
import { hmacSha256 } from '../signature.js'
import { cleanLine } from '../text.js'
import { readDeployment } from './deployment.js'
import { readPullRequest } from './pull-request.js'
import { readPush } from './push.js'
import { readRelease } from './release.js'

const Payload = Type.Object({
  ref: nullable(Type.Unknown()),
  ref_type: nullable(Type.Unknown()),
  repository: nullable(
    Type.Object({
      full_name: NullableString,
      name: NullableString,
      owner: nullable(Type.Object({ login: NullableString, name: NullableString })),
    }),
  ),
})
const WithRepository = Compile(Payload)
type WithRepository = Static<typeof Payload>

/**
 * GitHub's webhooks (docs.github.com, "Webhook events and payloads"): JSON, or the same JSON in the form
 * field `payload` when the webhook's content type was left at its default. `X-Hub-Signature` alone, which is
 * SHA-1, is not enough: GitHub has sent the other beside it since 2020.
 */
export const githubFormat: HookFormat = {
  forge: 'github',
  scheme: hmacSha256({ 'x-hub-signature-256': 'sha256=' }),
  repoField: 'full_name',
  read: (headers, body) => {
    const deliveryId = deliveryIdOf(headers, ['x-github-delivery'], body)
    const eventName = eventNameOf(headers, ['x-github-event'])
    const payload = parseJson(jsonBytes(headers, body))
    const { repository, ...named } = decode(WithRepository, payload)
    return {
      deliveryId,
      slug: slugOf(repository),
      eventName,
      ...readEvent(eventName, payload, named),
    }
  },
}

function readEvent(
  name: string,
  payload: unknown,
  { ref, ref_type: type }: Omit<WithRepository, 'repository'>,
): EventReading {
  switch (name) {
    case 'push':
      return readPush(payload)
    case 'pull_request':
      return readPullRequest(payload)
    case 'release':
      return readRelease(payload)
    case 'deployment':
      return readDeployment(payload)
    case 'ping':
      return buildsNothing('ping: the webhook is set up')
    case 'create':
      return buildsNothing(`the new ${words(type)} ${words(ref)} comes as a push as well`)
    case 'delete':
      return buildsNothing(`the ${words(type)} ${words(ref)} was deleted`)
    case 'merge_group':
      return buildsNothing('the branch of a merge group comes as a push as well')
    default:
      return buildsNothing(`the event ${cleanLine(name)} makes no build`)
  }
}

function words(text: unknown): string {
  return typeof text === 'string' ? cleanLine(text) : 'ref'
}

function slugOf(repository: WithRepository['repository']): string | null {
  if (!repository) return null
  const { full_name: slug, name, owner } = repository
  const login = owner?.login ?? owner?.name
  return slug ?? (name && login ? `${login}/${name}` : null)
}

function jsonBytes(headers: IncomingHttpHeaders, body: Buffer): Uint8Array {
  const type = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded') return body
  const payloads = new URLSearchParams(body.toString('latin1')).getAll('payload')
  const [payload] = payloads
  if (payload === undefined || payloads.length > 1) {
    throw invalidBody('payload', 'must be in the form exactly once')
  }
  return Buffer.from(payload)
}
