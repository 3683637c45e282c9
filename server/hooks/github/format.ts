import type { IncomingHttpHeaders } from 'node:http'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { SandpiperError } from '../../../protocol/errors.js'
import { decode, invalidBody, parseJson } from '../decode.js'
import { buildsNothing } from '../reading.js'
import type { EventReading, HookFormat } from '../reading.js'
import { readPullRequest } from './pull-request.js'
import { readPush } from './push.js'

const DELIVERY_ID = /^[\x21-\x7e]{1,128}$/
const EVENT_NAME = /^[a-z_]{1,64}$/

const WithRepository = Compile(
  Type.Object({ repository: Type.Optional(Type.Object({ full_name: Type.String() })) }),
)

/**
 * GitHub's webhooks (docs.github.com, "Webhook events and payloads"): JSON, or the same JSON in the form
 * field `payload` when the webhook's content type was left at its default.
 */
export const githubFormat: HookFormat = {
  forge: 'github',
  signatureHeaders: ['x-hub-signature-256'],
  read: (headers, body) => {
    const deliveryId = header(headers, 'x-github-delivery', DELIVERY_ID)
    const eventName = header(headers, 'x-github-event', EVENT_NAME)
    const payload = parseJson(jsonBytes(headers, body))
    const slug = decode(WithRepository, payload).repository?.full_name ?? null
    return { deliveryId, slug, eventName, ...readEvent(eventName, payload) }
  },
}

function readEvent(name: string, payload: unknown): EventReading {
  switch (name) {
    case 'push':
      return readPush(payload)
    case 'pull_request':
      return readPullRequest(payload)
    case 'ping':
      return buildsNothing('ping: the webhook is set up')
    default:
      return buildsNothing(`the event ${name} makes no build`)
  }
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

function header(headers: IncomingHttpHeaders, name: string, pattern: RegExp): string {
  const value = headers[name]
  if (typeof value === 'string' && pattern.test(value)) return value
  throw new SandpiperError(
    'SP_HOOK_BODY_INVALID',
    `Header '${name}' is ${value === undefined ? 'missing' : 'malformed'}.`,
    { hint: 'Is the sender GitHub? Other senders can use /hooks/git (docs/api.md).' },
  )
}
