import type { DecodedEntry } from './decode-message.js'

/** What of a batch is to be applied. */
export interface OrderedBatch {
  /** Next in their session's order, in the order of the stream. */
  readonly next: readonly DecodedEntry[]
  /** How far each session that is in the batch is when they are applied. */
  readonly lastSeqs: ReadonlyMap<string, number>
}

/**
 * Picks the entries that come next in their session's order. What was applied before is left out; so
 * is what comes behind a gap: its runner was not told that it arrived, and sends all of it again.
 */
export function inOrder(
  entries: readonly DecodedEntry[],
  lastSeqs: ReadonlyMap<string, number>,
): OrderedBatch {
  const reached = new Map<string, number>()
  const next: DecodedEntry[] = []
  for (const entry of entries) {
    const last = reached.get(entry.session) ?? lastSeqs.get(entry.session) ?? 0
    const isNext = entry.seq === last + 1
    if (isNext) next.push(entry)
    reached.set(entry.session, isNext ? entry.seq : last)
  }
  return { next, lastSeqs: reached }
}

/** Sessions with an entry that would be next but for a gap before it. */
export function sessionsWithGap(
  entries: readonly DecodedEntry[],
  reached: ReadonlyMap<string, number>,
): readonly string[] {
  const beyond = entries.filter(({ session, seq }) => seq > (reached.get(session) ?? 0))
  return [...new Set(beyond.map(({ session }) => session))]
}
