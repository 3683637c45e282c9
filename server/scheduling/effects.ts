import type { Cancel } from '../../protocol/downlink.js'
import type { Observation } from '../metrics/observation.js'
import type { LogRef } from '../logs/log-store.js'
import type { TurnGroup, TurnOrder } from '../store/turns.js'

/** What a transaction asks for once it is committed: everything that is no row in the database. */
export class Effects {
  /** Messages to runner sessions. */
  readonly cancels: { readonly session: string; readonly cancel: Cancel }[] = []
  /** Logs that have grown or ended. */
  readonly logs: LogRef[] = []
  /** What has happened, for the metrics. */
  readonly observed: Observation[] = []
  /** Builds some of whose stages may have to go on the queue. */
  readonly builds = new Set<number>()
  /** Attempts that nobody is to start any more. */
  readonly unqueue: {
    readonly queue: string
    readonly stageId: number
    readonly attempt: number
  }[] = []
  /**
   * What the transaction itself has to do before it ends (`transact`): the groups in which there may
   * be a free place. Once for each, however many of its stages have ended.
   */
  readonly turns = new Map<string, TurnGroup>()
  /** Likewise the repos that may have room for another stage: see `giveRepoTurns`. */
  readonly repoTurns = new Set<number>()
  readonly #superseding = new Map<string, TurnOrder>()

  /** Notes that the stage's repo, and group if it has one, are to be looked at before the transaction ends. */
  noteTurn(stage: TurnGroup): void {
    const { repo_id, concurrency_group, concurrency_domain } = stage
    this.repoTurns.add(repo_id)
    if (concurrency_group !== '') this.noteGroup({ repo_id, concurrency_group, concurrency_domain })
  }

  /** Notes that the group is to be looked at before the transaction ends. */
  noteGroup({ repo_id, concurrency_group, concurrency_domain }: TurnGroup): void {
    const key = JSON.stringify([repo_id, concurrency_domain, concurrency_group])
    this.turns.set(key, { repo_id, concurrency_group, concurrency_domain })
  }

  /** Notes that the stage is due, and ends those of its group in older builds. */
  noteSuperseding(stage: TurnOrder): void {
    const { repo_id, concurrency_group, concurrency_domain, build_id } = stage
    const key = [repo_id, concurrency_domain, concurrency_group, build_id]
    this.#superseding.set(JSON.stringify(key), stage)
  }

  /** One of the stages noted as superseding, which is forgotten then. */
  takeSuperseding(): TurnOrder | undefined {
    for (const [key, stage] of this.#superseding) {
      this.#superseding.delete(key)
      return stage
    }
    return undefined
  }
}
