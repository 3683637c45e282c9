import type { Repo } from '../services.js'
import type { Db } from '../store/database.js'
import { insertLogEntry } from '../store/delivery-log.js'
import type { DeliveryOutcome, DeliveryResult, NewDelivery } from './types.js'

/** Writes the log's entry of a delivery that was taken in. Call it in the delivery's transaction. */
export async function logDelivery(
  db: Db,
  entry: {
    readonly repo: Repo
    readonly delivery: NewDelivery
    readonly result: DeliveryResult
    readonly now: number
  },
): Promise<void> {
  const { repo, delivery, result, now } = entry
  const { record } = delivery
  if (record === undefined) return
  await insertLogEntry(db, {
    repo_id: repo.id,
    forge: delivery.forge,
    delivery_id: delivery.deliveryId,
    event: delivery.event,
    received: record.arrived,
    took_ms: Math.max(0, now - record.arrived),
    outcome: outcomeOf(result),
    status: statusOf(result),
    reason: result.reason,
    builds_json: JSON.stringify(result.builds.map(({ number }) => number)),
    original: record.redelivery?.original ?? 0,
    requested_by: record.redelivery?.requestedBy ?? '',
    headers_json: record.headersJson,
    // The first one's entry has it.
    body: result.duplicate ? null : record.body,
    body_bytes: record.bodyBytes,
  })
}

/** HTTP status of the answer: 202 for new builds, 200 for everything else. */
export function statusOf({ duplicate, build }: DeliveryResult): 200 | 202 {
  return build !== null && !duplicate ? 202 : 200
}

function outcomeOf({ duplicate, build }: DeliveryResult): DeliveryOutcome {
  if (duplicate) return 'duplicate'
  return build === null ? 'ignored' : 'built'
}
