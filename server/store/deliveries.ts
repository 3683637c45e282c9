import type { Insertable, Selectable } from 'kysely'
import type { Db } from './database.js'
import type { DeliveryTable } from './schema.js'

type Delivery = Selectable<DeliveryTable>

/** What makes two deliveries the same: the sender's id, or the very same body. */
export interface DeliveryIdentity {
  readonly repoId: number
  readonly forge: string
  readonly deliveryId: string
  readonly bodySha256: string
}

/** The delivery that came before with the same id or the same body, or null. */
export async function findDelivery(db: Db, identity: DeliveryIdentity): Promise<Delivery | null> {
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

/** Adds a delivery. */
export async function insertDelivery(db: Db, delivery: Insertable<DeliveryTable>): Promise<void> {
  await db.insertInto('deliveries').values(delivery).execute()
}
