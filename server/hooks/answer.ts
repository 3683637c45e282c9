import type { Status } from '../../protocol/status.js'
import { slugOf } from './authenticate.js'
import type { ReceivedHook } from './receive.js'

/** JSON that a sender gets for a delivery that was taken in. */
export interface HookAnswer {
  readonly delivery: string
  readonly event: string
  readonly repo: string | null
  /** True when the delivery was here before; the rest is what the first one got. */
  readonly duplicate: boolean
  /** Why no build was made; empty when one was. */
  readonly reason: string
  /** Of the build; absent when none was made. */
  readonly id?: number
  readonly number?: number
  readonly status?: Status
  readonly link?: string
}

/** Status code and JSON for a delivery: 202 for a new build, 200 for everything else. */
export function answerHook(
  received: ReceivedHook,
  linkOf: (slug: string, number: number) => string,
): { readonly statusCode: 200 | 202; readonly answer: HookAnswer } {
  const { repo, reading, result } = received
  const slug = repo === null ? null : slugOf(repo)
  const { duplicate, build, reason } = result
  const head = { delivery: reading.deliveryId, event: reading.eventName, repo: slug, duplicate }
  if (build === null || slug === null) return { statusCode: 200, answer: { ...head, reason } }
  const { id, number, status } = build
  const answer = { ...head, reason: '', id, number, status, link: linkOf(slug, number) }
  return { statusCode: duplicate ? 200 : 202, answer }
}
