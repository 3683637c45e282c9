import { statusOf } from '../deliveries/log-delivery.js'
import type { DeliveryResult } from '../deliveries/types.js'
import type { Repo } from '../services.js'
import type { HookAnswer } from './answer-schema.js'
import { slugOf } from './authenticate.js'
import type { ReceivedHook } from './receive.js'

/** Status code and JSON for a delivery: 202 for a new build, 200 for everything else. */
export function answerHook(
  { repo, reading, result }: ReceivedHook,
  linkOf: LinkOf,
): { readonly statusCode: 200 | 202; readonly answer: HookAnswer } {
  const head = { delivery: reading.deliveryId, event: reading.eventName }
  return renderResult(repo, head, result, linkOf)
}

/** The same for what became of any delivery. */
export function renderResult(
  repo: Repo,
  named: Pick<HookAnswer, 'delivery' | 'event'>,
  result: DeliveryResult,
  linkOf: LinkOf,
): { readonly statusCode: 200 | 202; readonly answer: HookAnswer } {
  const slug = slugOf(repo)
  const { duplicate, build, builds, reason } = result
  const statusCode = statusOf(result)
  const head = { ...named, repo: slug, duplicate }
  if (build === null) return { statusCode, answer: { ...head, reason } }
  const shown = builds.map(({ id, number }) => ({ id, number, link: linkOf(slug, number) }))
  const { id, number, status } = build
  const answer = { ...head, reason: '', id, number, status, link: linkOf(slug, number) }
  return { statusCode, answer: shown.length > 1 ? { ...answer, builds: shown } : answer }
}

type LinkOf = (slug: string, number: number) => string
