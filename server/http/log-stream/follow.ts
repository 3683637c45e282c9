import type { ServerServices } from '../../services.js'
import type { FollowTimes } from '../app-types.js'
import { LogCursor } from './cursor.js'
import type { LogPiece } from './piece.js'
import { removedEnd, stepState } from './source.js'
import type { StepAddress, StepState } from './source.js'
import { Wakeup } from './wakeup.js'

/** Where and how a log is read. */
export interface LogReading {
  readonly services: ServerServices
  readonly address: StepAddress
  /** The step's state when the reading began. */
  readonly state: StepState
  /** Lines that the reader has already, and of which attempt. */
  readonly resume: { readonly attempt: number; readonly line: number } | null
}

/** The log as it is now, and no more. */
export async function* readLog(reading: LogReading): AsyncGenerator<LogPiece, void> {
  const { services, address, state } = reading
  const cursor = new LogCursor(services.logs.store, refOf(address, state), 0)
  yield* cursor.advance()
  const last = cursor.finish()
  if (last !== null) yield last
}

/**
 * The log from its first line (or the one to resume at) to its end, growing with it. When the stage gets
 * a new attempt, a `restart` comes and then that attempt's log. Ends without an `end` when the signal is
 * aborted.
 */
export async function* followLog(
  reading: LogReading,
  times: FollowTimes,
  signal: AbortSignal,
): AsyncGenerator<LogPiece, void> {
  let state = reading.state
  let skipLines = reading.resume?.line ?? 0
  let seenAttempt = reading.resume?.attempt ?? null
  for (;;) {
    if (seenAttempt !== null && seenAttempt !== state.attempt) {
      yield { kind: 'restart', attempt: state.attempt }
      skipLines = 0
    }
    const { next, sawLines } = yield* followAttempt({ ...reading, state }, skipLines, times, signal)
    if (next === null) return
    // Who saw nothing of an attempt need not hear that it was given up.
    if (sawLines) seenAttempt = state.attempt
    state = next
  }
}

/** Follows one attempt; `next` is the state with another attempt, or null when all is said. */
async function* followAttempt(
  { services, address, state }: LogReading,
  skipLines: number,
  times: FollowTimes,
  signal: AbortSignal,
): AsyncGenerator<LogPiece, { next: StepState | null; sawLines: boolean }> {
  const ref = refOf(address, state)
  const cursor = new LogCursor(services.logs.store, ref, skipLines)
  const wakeup = new Wakeup(services.logs, ref, signal)
  let heardAt = performance.now()
  let sawLines = false
  let readAgainAt = -1
  try {
    while (!signal.aborted) {
      for await (const piece of cursor.advance()) {
        yield piece
        sawLines = true
        heardAt = performance.now()
      }
      // A log is complete before its step ends. So first the state, then whether there is more.
      const now = await stepState(services, address)
      if (now !== null && now.attempt !== state.attempt) return { next: now, sawLines }
      // Once for each place: a store that promises bytes it can't give must not keep us spinning.
      if (cursor.offset !== readAgainAt && (await cursor.hasMore())) {
        readAgainAt = cursor.offset
        continue
      }
      const end = now === null ? removedEnd(state.attempt) : now.end
      if (end !== null) {
        const last = cursor.finish()
        if (last !== null) yield last
        yield end
        return { next: null, sawLines }
      }
      const silentMs = performance.now() - heardAt
      await wakeup.wait(Math.max(0, Math.min(times.recheckMs, times.heartbeatMs - silentMs)))
      if (performance.now() - heardAt < times.heartbeatMs) continue
      yield { kind: 'idle' }
      heardAt = performance.now()
    }
    return { next: null, sawLines }
  } finally {
    wakeup.close()
  }
}

function refOf(address: StepAddress, { stageId, attempt }: StepState) {
  return { stageId, attempt, step: address.stepNumber }
}
