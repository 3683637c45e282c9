import type { Db } from '../store/database.js'
import type { RepoScope } from '../store/locks.js'
import { lockScheduling } from '../store/locks.js'
import { noteStatus } from '../store/statuses.js'
import { inTransaction } from '../store/transaction.js'
import { Effects } from './effects.js'
import { supersede } from './supersede.js'
import { giveRepoTurns } from './repo-turns.js'
import { giveTurns } from './turns.js'

/**
 * Does work that may end stages, or make them due, in a transaction, and whatever that means for
 * their concurrency groups at its end: a place is given to nobody who ends a moment later. What is
 * left to do outside of the database is in the effects, for the dispatcher. Of stages that ended the forge hears.
 * `work` may run more than once, each time with new effects.
 */
export async function transact(
  db: Db,
  now: number,
  work: (tx: Db, effects: Effects) => Promise<void>,
  /** Whose stages it decides about. Those of one repo are one after the other, on all servers. */
  scope: RepoScope = 'all',
): Promise<Effects> {
  return inTransaction(db, async (tx) => {
    const effects = new Effects()
    await lockScheduling(tx, scope)
    await work(tx, effects)
    // What is superseded may let other stages become due that supersede still older ones.
    for (let next = effects.takeSuperseding(); next; next = effects.takeSuperseding()) {
      await supersede(tx, next, now, effects)
    }
    for (const id of effects.repoTurns) await giveRepoTurns(tx, id, now, effects)
    effects.repoTurns.clear()
    for (const group of effects.turns.values()) await giveTurns(tx, group, now, effects)
    effects.turns.clear()
    for (const id of effects.builds) await noteStatus(tx, id, now)
    return effects
  })
}
