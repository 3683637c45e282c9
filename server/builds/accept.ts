import type { BuildEvent } from '../../pipelines/event.js'
import type { DeliveryResult, NewDelivery, Repo } from '../services.js'
import { findBuildById } from '../store/builds.js'
import type { Db } from '../store/database.js'
import { findDelivery, insertDelivery } from '../store/deliveries.js'
import { createBuild } from './create-build.js'

export interface Acceptance {
  readonly repo: Repo
  readonly delivery: NewDelivery
  /** Null for deliveries that make no build. */
  readonly event: BuildEvent | null
  readonly reason: string
  readonly now: number
}

/**
 * Writes the delivery and its build, or finds what the same delivery made before. Call it in a
 * transaction.
 */
export async function acceptDelivery(
  db: Db,
  { repo, delivery, event, reason, now }: Acceptance,
): Promise<DeliveryResult> {
  const { forge, deliveryId, bodySha256 } = delivery
  const before = await findDelivery(db, { repoId: repo.id, forge, deliveryId, bodySha256 })
  if (before) {
    const build = before.build_id === null ? null : await findBuildById(db, before.build_id)
    return { duplicate: true, build, reason: before.reason }
  }
  const build = event && (await createBuild(db, { repoId: repo.id, event, parent: null, now }))
  if (event && !build) return { duplicate: false, build: null, reason: 'the repo was removed' }
  await insertDelivery(db, {
    repo_id: repo.id,
    forge,
    delivery_id: deliveryId,
    body_sha256: bodySha256,
    event: delivery.event,
    received: now,
    build_id: build?.id ?? null,
    reason,
  })
  return { duplicate: false, build, reason }
}
