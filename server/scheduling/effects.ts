import type { Cancel } from '../../protocol/downlink.js'
import type { LogRef } from '../logs/log-store.js'

/** What a transaction asks for once it is committed: everything that is no row in the database. */
export class Effects {
  /** Messages to runner sessions. */
  readonly cancels: { readonly session: string; readonly cancel: Cancel }[] = []
  /** Logs that have grown or ended. */
  readonly logs: LogRef[] = []
  /** Builds some of whose stages may have to go on the queue. */
  readonly builds = new Set<number>()
  /** Attempts that nobody is to start any more. */
  readonly unqueue: {
    readonly queue: string
    readonly stageId: number
    readonly attempt: number
  }[] = []
}
