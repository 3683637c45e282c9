import type { BuildEvent } from '../../pipelines/event.js'
import { logDelivery } from '../deliveries/log-delivery.js'
import type { DeliveryResult, NewDelivery } from '../deliveries/types.js'
import type { Build, Repo } from '../services.js'
import { findBuildsByNumber } from '../store/builds.js'
import type { Db } from '../store/database.js'
import type { DeliveryRow } from '../store/deliveries.js'
import {
  deliveriesOfEvent,
  findDelivery,
  insertDelivery,
  updateDelivery,
} from '../store/deliveries.js'
import { lockScheduling } from '../store/locks.js'
import { findRepoById } from '../store/repos.js'
import { approvalReason } from './approval.js'
import { createBuild } from './create-build.js'

export interface Acceptance {
  readonly repo: Repo
  readonly delivery: NewDelivery
  /** One for each build to make; none for deliveries that make no build. */
  readonly events: readonly BuildEvent[]
  readonly reason: string
  readonly now: number
}

/**
 * Writes the delivery, its entry in the log, and its builds, or finds what the same delivery made
 * before. Call it in a transaction.
 */
export async function acceptDelivery(db: Db, acceptance: Acceptance): Promise<DeliveryResult> {
  const { repo, delivery, now } = acceptance
  const known = await findRepoById(db, repo.id)
  if (known === null) return { ...NOTHING, reason: 'the repo was removed' }
  const { forge, deliveryId, bodySha256, eventKey = '' } = delivery
  const id = await insertDelivery(db, {
    repo_id: repo.id,
    forge,
    delivery_id: deliveryId,
    body_sha256: bodySha256,
    event: delivery.event,
    received: now,
    build_id: null,
    reason: acceptance.reason,
    event_key: eventKey,
  })
  const result =
    id === null ? await again(db, acceptance) : await first(db, { ...acceptance, repo: known }, id)
  await logDelivery(db, { repo, delivery, result, now })
  return result
}

const NOTHING = { duplicate: false, build: null, builds: [] } as const

async function first(
  db: Db,
  { repo, delivery, events, reason, now }: Acceptance,
  id: number,
): Promise<DeliveryResult> {
  const other = await otherHalf(db, { repo, delivery, now })
  if (other !== null) {
    await updateDelivery(db, id, { builds_json: other.builds_json, reason: other.reason })
    const builds = await buildsOf(db, other)
    return { duplicate: true, build: builds[0] ?? null, builds, reason: other.reason }
  }
  const builds: Build[] = []
  for (const event of events) {
    const build = await createHookBuild(db, repo, event, now)
    if (build) builds.push(build)
  }
  const [build = null] = builds
  if (build === null) return { duplicate: false, build, builds, reason }
  await updateDelivery(db, id, { build_id: build.id, builds_json: numbersOf(builds) })
  return { duplicate: false, build, builds, reason: '' }
}

/** The two events in which a forge tells of one thing come within this time. */
const PAIR_MS = 10 * 60 * 1_000

/**
 * The delivery that told of the same thing in another event, and that no delivery of this event has been told from yet.
 * The pairs are counted, so that a tag which is removed and pushed again within minutes is built again.
 */
async function otherHalf(
  db: Db,
  { repo, delivery, now }: Pick<Acceptance, 'repo' | 'delivery' | 'now'>,
): Promise<DeliveryRow | null> {
  const { eventKey = '', event } = delivery
  if (eventKey === '') return null
  await lockScheduling(db, [repo.id])
  const after = now - PAIR_MS
  const told = await deliveriesOfEvent(db, { repoId: repo.id, eventKey, after })
  const others = told.filter((one) => one.event !== event)
  // This one is there already.
  const before = told.length - others.length - 1
  return others[before] ?? null
}

async function again(db: Db, { repo, delivery }: Acceptance): Promise<DeliveryResult> {
  const { forge, deliveryId, bodySha256 } = delivery
  const before = await findDelivery(db, { repoId: repo.id, forge, deliveryId, bodySha256 })
  const builds = before === null ? [] : await buildsOf(db, before)
  return { duplicate: true, build: builds[0] ?? null, builds, reason: before?.reason ?? '' }
}

async function buildsOf(db: Db, delivery: DeliveryRow): Promise<Build[]> {
  const numbers = JSON.parse(delivery.builds_json) as readonly number[]
  return findBuildsByNumber(db, delivery.repo_id, numbers)
}

function numbersOf(builds: readonly Build[]): string {
  return JSON.stringify(builds.map(({ number }) => number))
}

async function createHookBuild(
  db: Db,
  repo: Repo,
  event: BuildEvent,
  now: number,
): Promise<Build | null> {
  const reason = await approvalReason(db, repo, event, now)
  return createBuild(db, { repoId: repo.id, event, parent: null, now, approvalReason: reason })
}
