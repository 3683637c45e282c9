import type { Db } from './database.js'

/**
 * Takes a piece of work for one holder until a time; who holds it may take it again. Says whether the holder has it
 * now. Times are Unix milliseconds.
 */
export async function tryClaim(
  db: Db,
  claim: { readonly name: string; readonly holder: string; readonly until: number },
  now: number,
): Promise<boolean> {
  const result = await db
    .insertInto('claims')
    .values(claim)
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet({ holder: claim.holder, until: claim.until })
        .where((eb) =>
          eb.or([eb('claims.until', '<=', now), eb('claims.holder', '=', claim.holder)]),
        ),
    )
    .executeTakeFirst()
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n
}
