import type { Clock } from '../clock.js'
import type { Db } from '../store/database.js'
import { runnersSince } from '../store/runners.js'
import type { KnownRunner, RunnerService } from './types.js'

/** How long a runner that has gone is told of, in milliseconds. */
export const REMEMBERED_MS = 24 * 60 * 60_000
/** A runner that is silent for longer is not there: six of its heartbeats, in milliseconds. */
const SILENT_MS = 30_000

/** Runners in the database. */
export function createRunnerService(db: Db, clock: Clock): RunnerService {
  return { list: () => knownRunners(db, clock.now()) }
}

/** The runners heard of within a day before `now`. */
export async function knownRunners(db: Db, now: number): Promise<readonly KnownRunner[]> {
  const rows = await runnersSince(db, now - REMEMBERED_MS)
  return rows.map((runner) => ({ runner, online: isOnline(runner, now) }))
}

/** True for a runner that was heard of lately. */
export function isOnline({ last_seen }: { readonly last_seen: number }, now: number): boolean {
  return last_seen >= now - SILENT_MS
}

/** When a runner that is not there now was heard of last, at most. */
export function silentSince(now: number): number {
  return now - SILENT_MS
}
