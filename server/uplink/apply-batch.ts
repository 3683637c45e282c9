import type { Logger } from 'pino'
import type { LogChunk, StepFinished, UplinkMessage } from '../../protocol/uplink.js'
import type { Clock } from '../clock.js'
import type { Observation } from '../metrics/observation.js'
import type { LogRef, LogStore } from '../logs/log-store.js'
import type { Dispatcher } from '../scheduling/dispatcher.js'
import { Effects } from '../scheduling/effects.js'
import { transact } from '../scheduling/transact.js'
import type { Db } from '../store/database.js'
import { lastSeqs, saveLastSeq } from '../store/sessions.js'
import type { StageRow } from '../store/stages.js'
import { findStagesById, reposOfStages } from '../store/stages.js'
import { stepsOfStage } from '../store/steps.js'
import { applyMessage } from './apply.js'
import { archiveLog } from './archive-log.js'
import type { ArchivedLog } from './archive-log.js'
import type { DecodedEntry } from './decode-message.js'
import type { Downlink } from './downlink.js'
import { judge } from './judge.js'
import { logLag } from './log-lag.js'
import { inOrder, sessionsWithGap } from './order.js'
import { Overtaken } from './overtaken.js'
import type { OrderedBatch } from './order.js'

export interface BatchOptions {
  readonly db: Db
  readonly logs: LogStore
  readonly downlink: Downlink
  readonly dispatcher: Dispatcher
  readonly clock: Clock
  readonly leaseMs: number
  readonly logger: Logger
}

interface KnownBatch extends OrderedBatch {
  /** How far the database says that each session is. */
  readonly known: ReadonlyMap<string, number>
}

/** What the archive has of each log whose step ends in the batch. */
type Archived = ReadonlyMap<string, ArchivedLog>

/**
 * Applies a batch: logs to the archive first, then everything else in one transaction with how far
 * each session is, then the answers to the sessions. Whatever fails on the way, the same batch can be
 * applied again: the archive ignores what it has, and the transaction was made or was not.
 */
export async function applyBatch(
  options: BatchOptions,
  entries: readonly DecodedEntry[],
): Promise<void> {
  const { db, downlink, dispatcher } = options
  const batch = await orderBatch(options, entries)
  const { archived, touched, observed } = await archive(options, batch.next)
  const effects = await commit(options, batch, archived)
  effects.logs.push(...touched)
  effects.observed.push(...observed)
  const heard = entries.filter(({ session, seq }) => seq <= (batch.lastSeqs.get(session) ?? 0))
  const verdicts = await judge(db, heard)
  for (const { session, cancel } of [...effects.cancels, ...verdicts.cancels]) {
    await downlink.cancel(session, cancel)
  }
  for (const { session, ref } of verdicts.ended) await downlink.forgetCancel(session, ref)
  await downlink.acknowledge(batch.lastSeqs)
  dispatcher.finish(effects)
}

/**
 * A runner forgets what is acknowledged. Should the database know less than that, because it was
 * restored from a backup, waiting for those messages would be waiting for ever.
 */
async function orderBatch(
  { db, downlink, logger }: BatchOptions,
  entries: readonly DecodedEntry[],
): Promise<KnownBatch> {
  const known = await lastSeqs(db, [...new Set(entries.map(({ session }) => session))])
  const batch = inOrder(entries, known)
  const gaps = sessionsWithGap(entries, batch.lastSeqs)
  const acknowledged = await downlink.acknowledged(gaps)
  const ahead = [...acknowledged].filter(([id, seq]) => seq > (batch.lastSeqs.get(id) ?? 0))
  if (ahead.length === 0) return { ...batch, known }
  logger.error({ sessions: Object.fromEntries(ahead) }, 'the database has lost applied messages')
  return { ...inOrder(entries, new Map([...known, ...ahead])), known }
}

async function archive(
  options: BatchOptions,
  next: readonly DecodedEntry[],
): Promise<{
  readonly archived: Archived
  readonly touched: readonly LogRef[]
  readonly observed: readonly Observation[]
}> {
  const { db, logs, clock } = options
  const chunks = next.flatMap(({ message }) => (message?.type === 'log' ? [message] : []))
  const stages = await findStagesById(db, [...new Set(chunks.map(({ stageId }) => stageId))])
  const steps = await stepStarts(db, [...stages.keys()])
  const touched = new Map<string, LogRef>()
  for (const chunk of chunks) {
    if (!isKnown(chunk, stages.get(chunk.stageId), steps)) continue
    await archiveChunk(options, chunk)
    const { stageId, attempt, step } = chunk
    touched.set(keyOf(chunk), { stageId, attempt, step })
  }
  for (const ref of touched.values()) await logs.sync(ref)
  const observed = chunks.flatMap((chunk): readonly Observation[] => {
    const started = steps.get(chunk.stageId)?.get(chunk.step) ?? 0
    const lagMs = logLag(chunk, started, clock.now())
    return lagMs === null ? [] : [{ kind: 'log.readable', lagMs }]
  })
  return { archived: await archivedLogs(logs, next), touched: [...touched.values()], observed }
}

/** By stage and number of the step, when that started; 0: not yet, as far as we have heard. */
type StepStarts = ReadonlyMap<number, ReadonlyMap<number, number>>

async function stepStarts(db: Db, stageIds: readonly number[]): Promise<StepStarts> {
  const starts = new Map<number, ReadonlyMap<number, number>>()
  for (const id of stageIds) {
    const steps = await stepsOfStage(db, id)
    starts.set(id, new Map(steps.map(({ number, started }) => [number, started])))
  }
  return starts
}

/** Logs of attempts that were given up are kept too; those of stages that are gone are not. */
function isKnown(chunk: LogChunk, stage: StageRow | undefined, steps: StepStarts): boolean {
  if (!stage || chunk.attempt < 1 || chunk.attempt > stage.attempt) return false
  return steps.get(stage.id)?.has(chunk.step) === true
}

async function archiveChunk({ logs, logger }: BatchOptions, chunk: LogChunk): Promise<void> {
  const { stageId, attempt, step, offset, data } = chunk
  const ref = { stageId, attempt, step }
  const lostBytes = await archiveLog(logs, ref, offset, Buffer.from(data))
  if (lostBytes > 0) logger.error({ ...ref, lostBytes }, 'the archive has lost a part of a log')
}

async function archivedLogs(logs: LogStore, next: readonly DecodedEntry[]): Promise<Archived> {
  const archived = new Map<string, ArchivedLog>()
  for (const { message } of next) {
    if (message?.type !== 'step.finished') continue
    const { stageId, attempt, step } = message
    const ref = { stageId, attempt, step }
    const bytes = await logs.size(ref)
    archived.set(keyOf(ref), { bytes, sha256: bytes === 0 ? EMPTY_SHA256 : await logs.sha256(ref) })
  }
  return archived
}

/** SHA-256 of nothing: a step that printed nothing has no file. */
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const NOTHING: ArchivedLog = { bytes: 0, sha256: EMPTY_SHA256 }

async function commit(
  { db, clock, leaseMs }: BatchOptions,
  batch: KnownBatch,
  archived: Archived,
): Promise<Effects> {
  if (batch.next.length === 0) return new Effects()
  const now = clock.now()
  const archivedOf = (message: StepFinished): ArchivedLog => archived.get(keyOf(message)) ?? NOTHING
  const apply = async (tx: Db, effects: Effects): Promise<void> => {
    await claimMessages(tx, batch, now)
    const context = { db: tx, now, leaseMs, effects, archived: archivedOf }
    for (const { session, message } of batch.next) {
      if (message) await applyMessage(context, session, message)
    }
  }
  return transact(db, now, apply, await reposOf(db, batch.next))
}

/**
 * A server that was stopped for a while may come back to a batch that another one has read and applied since. In one
 * order, so that two that do this at once don't wait for each other.
 * @throws Overtaken
 */
async function claimMessages(tx: Db, { known, lastSeqs }: KnownBatch, now: number): Promise<void> {
  for (const [session, lastSeq] of [...lastSeqs].sort(([a], [b]) => (a < b ? -1 : 1))) {
    // A session of which nothing has come in order yet is none to remember.
    if (lastSeq === 0) continue
    const range = { before: known.get(session) ?? 0, lastSeq }
    if (!(await saveLastSeq(tx, session, range, now))) {
      throw new Overtaken(session)
    }
  }
}

async function reposOf(db: Db, entries: readonly DecodedEntry[]): Promise<number[]> {
  const ids = entries.flatMap(({ message }) => (message ? stagesNamedIn(message) : []))
  return reposOfStages(db, [...new Set(ids)])
}

function stagesNamedIn(message: UplinkMessage): number[] {
  if (message.type === 'log') return []
  if (message.type !== 'heartbeat') return [message.stageId]
  return [...message.stages, ...(message.usage ?? [])].map(({ stageId }) => stageId)
}

function keyOf(ref: LogRef): string {
  return `${ref.stageId}.${ref.attempt}.${ref.step}`
}
