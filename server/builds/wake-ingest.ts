import type { Dispatcher } from '../scheduling/dispatcher.js'

/** What puts a build on the ingest queue. */
export interface IngestWaker {
  readonly dispatcher: Dispatcher
  /** May fail: the reconciler does it then. */
  readonly ingest: (buildId: number) => Promise<void>
}

/** Whoever made the build is answered once it is in the database, whether Redis is there or not. */
export function wakeIngest({ dispatcher, ingest }: IngestWaker, buildId: number): void {
  dispatcher.background(() => ingest(buildId))
}
