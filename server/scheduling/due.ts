import { isTerminal } from '../../protocol/status.js'
import type { Db } from '../store/database.js'
import { stageStatusesOfBuild } from '../store/stages.js'
import type { TurnGroup } from '../store/turns.js'
import { nodeOf } from './advance.js'
import { decideStages } from './outcome.js'
import { roomOfRepo } from './repo-turns.js'
import { freePlaces } from './turns.js'

/**
 * Finds the builds that `advanceBuild` would change, by reading alone: a transaction for each of thousands that only
 * wait would hold up everybody who writes. What it was told of a group's places is remembered: one object is for one round.
 */
export class DueBuilds {
  readonly #db: Db
  readonly #free = new Map<string, Promise<number>>()

  constructor(db: Db) {
    this.#db = db
  }

  /** True for a build that may go on or has come to its end. */
  async isDue(buildId: number): Promise<boolean> {
    const stages = await stageStatusesOfBuild(this.#db, buildId)
    if (stages.every(({ status }) => isTerminal(status))) return true
    const decisions = decideStages(stages.map(nodeOf))
    if ([...decisions.values()].some((decision) => decision !== 'wait')) return true
    for (const stage of stages) {
      if (stage.status === 'blocked' && (await this.#freeFor(stage)) > 0) return true
    }
    return false
  }

  #freeFor({ repo_id, concurrency_group, concurrency_domain }: TurnGroup): Promise<number> {
    const key = JSON.stringify([repo_id, concurrency_domain, concurrency_group])
    const known = this.#free.get(key)
    if (known !== undefined) return known
    const free =
      concurrency_group === ''
        ? roomOfRepo(this.#db, repo_id)
        : freePlaces(this.#db, { repo_id, concurrency_group, concurrency_domain })
    this.#free.set(key, free)
    return free
  }
}
