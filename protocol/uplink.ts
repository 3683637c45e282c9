import type { StagePlatform } from './keys.js'
import type { Status } from './status.js'
import type { StepUsage, UsageReport, UsageRow } from './usage.js'

export type { StepUsage } from './usage.js'

/**
 * What a runner tells the server, in order, over one Redis stream (see keys.ts). Each message has a
 * sequence number per runner session, from 1 without gaps. The server applies a message once and
 * only in order, stores the last applied number with its effects in one transaction, and acknowledges
 * it (see downlink.ts). The runner keeps every message until it is acknowledged and sends it again
 * when the acknowledgement does not come: so a wiped Redis or a restarted server loses nothing.
 *
 * A log chunk is just a message: what a step printed before it ended always arrives before its end.
 */
export type UplinkMessage = AttemptMessage | LogChunk | Heartbeat

/** A change of an attempt's state. */
export type AttemptMessage =
  StageStarted | StepStarted | StepFinished | StageFinished | StageAbandoned

/** Names one attempt of a stage. The server refuses state from any but the current one. */
export interface AttemptRef {
  readonly stageId: number
  readonly attempt: number
}

/**
 * State of an attempt. `holder` is the session that was given the attempt, when another one speaks for
 * it: a runner that starts again delivers what its dead predecessor had finished and could not tell.
 */
export interface AttemptState extends AttemptRef {
  readonly holder?: string
}

/** The runner asks for the stage. It may go on once this is acknowledged and it got no `cancel`. */
export interface StageStarted extends AttemptState {
  readonly type: 'stage.started'
  /** Name of the runner's machine. */
  readonly machine: string
  /** Unix time in milliseconds, by the runner's clock. */
  readonly at: number
}

export interface StepStarted extends AttemptState {
  readonly type: 'step.started'
  readonly step: number
  readonly at: number
}

/** Bytes of the step's log (whole NDJSON records, see log-record.ts) from `offset` on. */
export interface LogChunk extends AttemptRef {
  readonly type: 'log'
  readonly step: number
  /** Byte offset of `data` in the step's log. */
  readonly offset: number
  readonly data: string
}

export interface StepFinished extends AttemptState {
  readonly type: 'step.finished'
  readonly step: number
  /** `success`, `failure`, `error`, `killed` or `skipped`. */
  readonly status: Status
  /** Exit code of the step; 128 + signal when a signal ended it; 0 when it did not run. */
  readonly exitCode: number
  /** Why it did not succeed, in words for people; empty else. */
  readonly error: string
  readonly usage: StepUsage | null
  /** How that came about; absent when it did not run. */
  readonly series?: readonly UsageRow[]
  /** Length and checksum of the whole log, which the server checks its archive against. */
  readonly log: LogSummary
  readonly at: number
}

export interface LogSummary {
  readonly bytes: number
  readonly lines: number
  /** Lower-case hex. */
  readonly sha256: string
}

export interface StageFinished extends AttemptState {
  readonly type: 'stage.finished'
  readonly status: Status
  readonly error: string
  readonly at: number
}

/** A runner that starts again tells what a dead predecessor in its data directory left unfinished. */
export interface StageAbandoned extends AttemptState {
  readonly type: 'stage.abandoned'
  readonly reason: string
}

/**
 * Sent every few seconds. Renews the lease of the attempts it names. It carries what running steps have used
 * so far, as one heartbeat at most waits to be sent: whatever is late is left out.
 */
export interface Heartbeat {
  readonly type: 'heartbeat'
  readonly machine: string
  readonly stages: readonly AttemptRef[]
  readonly usage?: readonly RunningUsage[]
  /** Absent from runners that are older than it. */
  readonly runner?: RunnerOffer
}

/** What a runner offers and how much of it is taken: shown to people, and why a stage waits. */
export interface RunnerOffer extends StagePlatform {
  /** `stageQueue` of its platform and labels. */
  readonly queue: string
  readonly labels: Readonly<Record<string, string>>
  /** Stages that it runs at once. */
  readonly capacity: number
  /** Stages that it runs now. */
  readonly running: number
  /** Version of Sandpiper; absent when it does not know its own. */
  readonly release?: string
}

/** Usage so far of a step that runs. */
export interface RunningUsage extends AttemptRef, UsageReport {
  readonly step: number
}

/** A message as it travels: fields of one Redis stream entry. `log` messages have `data` beside `body`. */
export interface UplinkEntry {
  readonly session: string
  readonly seq: number
  readonly message: UplinkMessage
}

/** Encodes an entry as field-value pairs for XADD. */
export function encodeUplinkEntry(entry: UplinkEntry): string[] {
  const { message } = entry
  const head = ['session', entry.session, 'seq', String(entry.seq)]
  if (message.type !== 'log') return [...head, 'body', JSON.stringify(message)]
  const { data, ...rest } = message
  return [...head, 'body', JSON.stringify(rest), 'data', data]
}

/** Decodes what `encodeUplinkEntry` made. Throws `SyntaxError` on anything else. */
export function decodeUplinkEntry(fields: readonly string[]): UplinkEntry {
  const map = new Map<string, string>()
  for (let i = 0; i + 1 < fields.length; i += 2) map.set(fields[i] ?? '', fields[i + 1] ?? '')
  const session = map.get('session')
  const seq = Number(map.get('seq'))
  const body = map.get('body')
  if (!session || !Number.isSafeInteger(seq) || body === undefined) {
    throw new SyntaxError('not an uplink entry')
  }
  const parsed = JSON.parse(body) as UplinkMessage
  const message = parsed.type === 'log' ? { ...parsed, data: map.get('data') ?? '' } : parsed
  return { session, seq, message }
}
