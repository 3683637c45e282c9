import type { LogStore, LogRef } from '../../logs/log-store.js'
import { LogCursor, linesAfter } from './cursor.js'
import type { LogHub } from './hub.js'
import type { LogLines, LogPiece } from './piece.js'

/** Lines of a log by number, from 1, both included. */
export interface LineRange {
  readonly from: number
  readonly to: number
}

/** The log as it is now, or only its first `bytes`, and no more. */
export async function* readLog(
  store: LogStore,
  ref: LogRef,
  bytes = Number.MAX_SAFE_INTEGER,
): AsyncGenerator<LogPiece, void> {
  const cursor = new LogCursor(store, ref)
  yield* cursor.advance(bytes)
  const last = cursor.finish()
  if (last !== null) yield last
}

/** Some lines of the log as it is now. Nothing is read that is far before or behind them. */
export async function* readLines(
  { indexes, services }: LogHub,
  ref: LogRef,
  { from, to }: LineRange,
): AsyncGenerator<LogLines, void> {
  const place = await indexes.placeOf(ref, from - 1)
  const cursor = new LogCursor(services.logs.store, ref, place)
  for await (const piece of cursor.advance()) {
    const wanted = within(piece, { from, to })
    if (wanted !== null) yield wanted
    if (cursor.position.line >= to) return
  }
  const last = cursor.finish()
  const wanted = last && within(last, { from, to })
  if (wanted) yield wanted
}

/** The range of the last `count` lines. */
export async function lastLines(hub: LogHub, ref: LogRef, count: number): Promise<LineRange> {
  const { line } = (await hub.indexes.whole(ref)).end
  return { from: Math.max(1, line - count + 1), to: Number.MAX_SAFE_INTEGER }
}

function within(piece: LogLines, { from, to }: LineRange): LogLines | null {
  const rest = linesAfter(piece, from - 1)
  const count = rest === null ? 0 : Math.min(rest.lines.length, to - rest.first + 1)
  return rest === null || count <= 0 ? null : { ...rest, lines: rest.lines.slice(0, count) }
}
