import type { Insertable, Selectable, Updateable } from 'kysely'
import type { Db } from './database.js'
import type { DeliveryTable } from './schema/deliveries.js'

export type DeliveryRow = Selectable<DeliveryTable>

/** What makes two deliveries the same: the sender's id, or the very same body. */
export interface DeliveryIdentity {
  readonly repoId: number
  readonly forge: string
  readonly deliveryId: string
  readonly bodySha256: string
}

/** The delivery that came before with the same id or the same body, or null. */
export async function findDelivery(
  db: Db,
  identity: DeliveryIdentity,
): Promise<DeliveryRow | null> {
  const row = await db
    .selectFrom('deliveries')
    .selectAll()
    .where('repo_id', '=', identity.repoId)
    .where('forge', '=', identity.forge)
    .where((eb) =>
      eb.or([
        eb('delivery_id', '=', identity.deliveryId),
        eb('body_sha256', '=', identity.bodySha256),
      ]),
    )
    .orderBy('id')
    .executeTakeFirst()
  return row ?? null
}

/** Deliveries that tell of the same thing (`event_key`) and came after a time, oldest first. */
export async function deliveriesOfEvent(
  db: Db,
  of: { readonly repoId: number; readonly eventKey: string; readonly after: number },
): Promise<DeliveryRow[]> {
  return db
    .selectFrom('deliveries')
    .selectAll()
    .where('repo_id', '=', of.repoId)
    .where('event_key', '=', of.eventKey)
    .where('received', '>', of.after)
    .orderBy('id')
    .execute()
}

/** Adds a delivery and returns its row id; null when one of the same id or body is there. */
export async function insertDelivery(
  db: Db,
  delivery: Insertable<DeliveryTable>,
): Promise<number | null> {
  const row = await db
    .insertInto('deliveries')
    .values(delivery)
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  return row?.id ?? null
}

/** Changes a delivery. */
export async function updateDelivery(
  db: Db,
  id: number,
  change: Updateable<DeliveryTable>,
): Promise<void> {
  await db.updateTable('deliveries').set(change).where('id', '=', id).execute()
}
