import type { Cancel } from '../../protocol/downlink.js'
import { attemptKey } from '../../protocol/downlink.js'
import type { AttemptRef, UplinkMessage } from '../../protocol/uplink.js'
import { isTerminal } from '../../protocol/status.js'
import type { Db } from '../store/database.js'
import type { StageRow } from '../store/stages.js'
import { findStagesById } from '../store/stages.js'
import { isHeldBy } from './apply.js'
import type { DecodedEntry } from './decode-message.js'

/** What is to be told to sessions about the attempts that they spoke of. */
export interface Verdicts {
  readonly cancels: readonly { readonly session: string; readonly cancel: Cancel }[]
  /** Attempts that their own runner has ended. */
  readonly ended: readonly { readonly session: string; readonly ref: AttemptRef }[]
}

/**
 * Tells which attempts named in a batch are not (any more) those of the session that named them, or
 * are to be cancelled. It looks only at the database as it is now, so a message that comes a second
 * time, after a crash between commit and answer, gets the answer that was lost. The answers must be
 * sent before the batch is acknowledged: a runner takes an acknowledged `stage.started` for a yes.
 */
export async function judge(db: Db, entries: readonly DecodedEntry[]): Promise<Verdicts> {
  const named = attemptsNamedIn(entries)
  const stages = await findStagesById(db, [...new Set(named.map(({ ref }) => ref.stageId))])
  const cancels: { session: string; cancel: Cancel }[] = []
  const ended: { session: string; ref: AttemptRef }[] = []
  for (const { session, ref } of named) {
    const stage = stages.get(ref.stageId)
    const cancel = cancelFor(stage, session, ref)
    if (cancel) cancels.push({ session, cancel })
    else if (stage && isTerminal(stage.status)) ended.push({ session, ref })
  }
  return { cancels, ended }
}

function cancelFor(stage: StageRow | undefined, session: string, ref: AttemptRef): Cancel | null {
  const { stageId, attempt } = ref
  const cancel = (kind: Cancel['kind'], reason: string): Cancel => {
    return { type: 'cancel', kind, stageId, attempt, reason }
  }
  if (!stage) return cancel('stale', 'the stage does not exist any more')
  if (!isHeldBy(stage, session, ref)) return cancel('stale', reasonOf(stage, ref))
  if (isTerminal(stage.status) || stage.cancel_requested === 0) return null
  return cancel('cancelled', stage.cancel_reason)
}

function reasonOf(stage: StageRow, ref: AttemptRef): string {
  if (stage.attempt !== ref.attempt) return `attempt ${stage.attempt} is the current one`
  return stage.session === '' ? `the stage is ${stage.status}` : 'another runner has this attempt'
}

function attemptsNamedIn(
  entries: readonly DecodedEntry[],
): readonly { readonly session: string; readonly ref: AttemptRef }[] {
  const named = new Map<string, { session: string; ref: AttemptRef }>()
  for (const { session, message } of entries) {
    for (const { stageId, attempt } of message ? attemptsOf(message) : []) {
      const ref = { stageId, attempt }
      named.set(`${session} ${attemptKey(ref)}`, { session, ref })
    }
  }
  return [...named.values()]
}

/**
 * The attempts that a message claims to be its session's. Logs are not among them, nor is what a
 * successor tells of a dead runner's attempt: it ships both from the spool that it found.
 */
function attemptsOf(message: UplinkMessage): readonly AttemptRef[] {
  switch (message.type) {
    case 'heartbeat':
      return message.stages
    case 'log':
    case 'stage.abandoned':
      return []
    default:
      return message.holder === undefined ? [message] : []
  }
}
