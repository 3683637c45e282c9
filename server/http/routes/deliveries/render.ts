import { Type } from 'typebox'
import type { DeliveryLogHead } from '../../../store/delivery-log.js'
import type { LoggedDelivery } from '../../../deliveries/types.js'
import { RepoName } from '../../schemas/params.js'

/** `/repos/:owner/:name/deliveries/:id`. */
export const DeliveryParams = Type.Object({
  owner: RepoName,
  name: RepoName,
  id: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
})

const HEAD = {
  id: Type.Integer(),
  forge: Type.String(),
  delivery: Type.String({ description: 'The id that its sender gave it.' }),
  event: Type.String(),
  received_ms: Type.Integer({ description: 'When it came: Unix milliseconds.' }),
  took_ms: Type.Integer({ description: 'Until it was written down.' }),
  outcome: Type.String({ description: 'built, ignored, duplicate or refused' }),
  status: Type.Integer({ description: 'HTTP status of the answer.' }),
  reason: Type.String({ description: 'Why there is no build; empty when there is one.' }),
  builds: Type.Array(Type.Integer(), { description: 'Numbers of the builds.' }),
  original: Type.Integer({ description: 'Delivery that it repeats; 0 for one from outside.' }),
  requested_by: Type.String({ description: 'Who asked for that.' }),
  body_bytes: Type.Integer(),
}

/** A delivery in a list. */
export const DeliveryHead = Type.Object(HEAD)

/** A delivery with headers and body. */
export const Delivery = Type.Object({
  ...HEAD,
  headers: Type.Record(Type.String(), Type.String()),
  body: Type.Union([Type.String(), Type.Null()], {
    description: 'As it was sent; null when it is not kept.',
  }),
})

/** A delivery as lists show it. */
export function renderHead(row: DeliveryLogHead) {
  return {
    ...{ id: row.id, forge: row.forge, delivery: row.delivery_id, event: row.event },
    received_ms: row.received,
    took_ms: row.took_ms,
    outcome: row.outcome,
    status: row.status,
    reason: row.reason,
    builds: JSON.parse(row.builds_json) as number[],
    original: row.original,
    requested_by: row.requested_by,
    body_bytes: row.body_bytes,
  }
}

/** A delivery as it is shown alone. */
export function renderDelivery(delivery: LoggedDelivery) {
  const { headers, body } = delivery
  return { ...renderHead(delivery), headers, body: body === null ? null : body.toString('utf8') }
}
