import type { Status } from '../../protocol/status.js'
import { isTerminal } from '../../protocol/status.js'
import type { Heartbeat, RunningUsage, UplinkEntry, UplinkMessage } from '../../protocol/uplink.js'
import { decodeUplinkEntry } from '../../protocol/uplink.js'
import { USAGE_COLUMNS, USAGE_POINTS_MAX } from '../../protocol/usage.js'

/** An entry of the stream as far as it can be understood. */
export interface DecodedEntry {
  readonly session: string
  readonly seq: number
  /** Null when the entry has a place in its session's order but is no message that we know. */
  readonly message: UplinkMessage | null
}

/** Longest session and machine names, in UTF-16 code units. */
const NAME_MAX = 200
/** Longest reason or error that a runner may give; the rest is cut off. */
const TEXT_MAX = 4_000
/** Labels of a runner that are looked at. */
const LABELS_MAX = 100

/** Decodes what a runner put on the stream; null when not even its place in the order is there. */
export function decodeEntry(fields: readonly string[]): DecodedEntry | null {
  let entry: UplinkEntry
  try {
    entry = decodeUplinkEntry(fields)
  } catch {
    return placeOnly(fields)
  }
  const { session, seq } = entry
  if (session.length > NAME_MAX || seq < 1) return null
  const message: unknown = entry.message
  return { session, seq, message: isMessage(message) ? withBoundedTexts(message) : null }
}

function placeOnly(fields: readonly string[]): DecodedEntry | null {
  const session = fields[fields.indexOf('session') + 1] ?? ''
  const seq = Number(fields[fields.indexOf('seq') + 1])
  if (!fields.includes('session') || session === '' || session.length > NAME_MAX) return null
  return Number.isSafeInteger(seq) && seq > 0 ? { session, seq, message: null } : null
}

type Fields = Readonly<Record<string, unknown>>

function isMessage(value: unknown): value is UplinkMessage {
  if (!isObject(value)) return false
  switch (value['type']) {
    case 'stage.started':
      return isAttempt(value) && isName(value['machine']) && isTime(value['at'])
    case 'step.started':
      return isAttempt(value) && isCount(value['step']) && isTime(value['at'])
    case 'log':
      return (
        isAttempt(value) &&
        isCount(value['step']) &&
        isCount(value['offset']) &&
        typeof value['data'] === 'string'
      )
    case 'step.finished':
      return isAttempt(value) && isStepEnd(value)
    case 'stage.finished':
      return isAttempt(value) && isEnd(value)
    case 'stage.abandoned':
      return isAttempt(value) && typeof value['reason'] === 'string'
    case 'heartbeat':
      return isName(value['machine']) && isAttemptList(value['stages'])
    default:
      return false
  }
}

function isStepEnd(value: Fields): boolean {
  const { step, exitCode, usage, series, log } = value
  return (
    isEnd(value) &&
    isCount(step) &&
    Number.isSafeInteger(exitCode) &&
    (usage === null || isUsage(usage)) &&
    (series === undefined || isSeries(series)) &&
    isObject(log) &&
    isCount(log['bytes']) &&
    isCount(log['lines']) &&
    typeof log['sha256'] === 'string'
  )
}

function isEnd(value: Fields): boolean {
  const { status, error, at } = value
  return isTerminal(status as Status) && typeof error === 'string' && isTime(at)
}

function isAttempt(value: Fields): boolean {
  const { holder } = value
  const isHolderSound = holder === undefined || isName(holder)
  return isCount(value['stageId']) && isCount(value['attempt']) && isHolderSound
}

function isAttemptList(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => isObject(item) && isAttempt(item))
}

/** Numbers by name: they are only shown. */
function isUsage(value: unknown): boolean {
  return isObject(value) && Object.values(value).every(isTime)
}

function isSeries(value: unknown): boolean {
  return Array.isArray(value) && value.length <= USAGE_POINTS_MAX && value.every(isRow)
}

function isRow(value: unknown): boolean {
  if (!Array.isArray(value) || value.length > USAGE_COLUMNS.length) return false
  return isTime(value[0]) && value.every((item) => item === null || isTime(item))
}

function isRunningUsage(value: unknown): boolean {
  if (!isObject(value) || !isAttempt(value) || !isCount(value['step'])) return false
  return isUsage(value['totals']) && isSeries(value['series'])
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function isTime(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value.length <= NAME_MAX
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function withBoundedTexts(message: UplinkMessage): UplinkMessage {
  switch (message.type) {
    case 'step.finished':
    case 'stage.finished':
      return { ...message, error: message.error.slice(0, TEXT_MAX) }
    case 'stage.abandoned':
      return { ...message, reason: message.reason.slice(0, TEXT_MAX) }
    case 'heartbeat':
      return withSoundParts(message)
    default:
      return message
  }
}

/** A lease is not to be lost for what is only shown. */
function withSoundParts({ usage, runner, ...heartbeat }: Heartbeat): Heartbeat {
  const reports: unknown = usage
  return {
    ...heartbeat,
    ...(isOffer(runner) ? { runner } : {}),
    ...(Array.isArray(reports)
      ? { usage: (reports as RunningUsage[]).filter(isRunningUsage) }
      : {}),
  }
}

function isOffer(value: unknown): boolean {
  if (!isObject(value)) return false
  const { queue, os, arch, variant = '', version = '', release = '', labels } = value
  return (
    [queue, os, arch, variant, version, release].every(isName) &&
    isLabels(labels) &&
    isCount(value['capacity']) &&
    isCount(value['running'])
  )
}

function isLabels(value: unknown): boolean {
  if (!isObject(value)) return false
  const entries = Object.entries(value)
  return entries.length <= LABELS_MAX && entries.every((entry) => entry.every(isName))
}
