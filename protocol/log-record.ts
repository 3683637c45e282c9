/**
 * One record of a step's log. Spool, wire and archive hold the same bytes: one JSON object a line
 * (NDJSON), in the order of `pos`, so that offsets, lengths and checksums mean the same everywhere.
 * Field names are Drone's.
 */
export interface LogRecord {
  /** Number of the record in its step's log, from 0, without gaps. */
  readonly pos: number
  /**
   * Text of the line with its newline. A record without a newline at its end is a piece of a longer
   * line (or the last, unfinished one): joining all `out` gives the step's output again. Bytes that
   * are not UTF-8 were replaced by U+FFFD.
   */
  readonly out: string
  /** Milliseconds since the step started. */
  readonly time: number
  /** Where the step wrote it, when that was not its standard output. */
  readonly stream?: 'stderr'
  /** The record is the first one of a command of the step. */
  readonly section?: LogSection
}

export const LOG_STREAMS = ['stdout', 'stderr'] as const

/** Which of its outputs a step wrote to. */
export type LogStream = (typeof LOG_STREAMS)[number]

/** What begins with a record: said by the runner, never by what a step prints. */
export interface LogSection {
  /** Which of the step's commands it is, from 0; a command in a loop begins many times. */
  readonly command: number
  /** Exit status of the command before it; absent where there is none. */
  readonly before?: number
}

/** Longest `out` in UTF-16 code units; longer lines are split over several records. */
export const LOG_RECORD_OUT_MAX = 16 * 1024

/** Encodes a record as one NDJSON line, newline included. */
export function encodeLogRecord(record: LogRecord): string {
  return `${JSON.stringify(record)}\n`
}

/** Decodes one NDJSON line. Throws `SyntaxError` when it is no log record. */
export function decodeLogRecord(line: string): LogRecord {
  const value: unknown = JSON.parse(line)
  if (isLogRecord(value)) return value
  throw new SyntaxError(`not a log record: ${line.slice(0, 80)}`)
}

function isLogRecord(value: unknown): value is LogRecord {
  if (typeof value !== 'object' || value === null) return false
  const { pos, out, time, stream, section } = value as Partial<Record<keyof LogRecord, unknown>>
  if (!Number.isFinite(pos) || !Number.isFinite(time) || typeof out !== 'string') return false
  return (stream === undefined || stream === 'stderr') && isSection(section)
}

function isSection(section: unknown): section is LogSection | undefined {
  if (section === undefined) return true
  if (typeof section !== 'object' || section === null) return false
  const { command, before } = section as Partial<Record<keyof LogSection, unknown>>
  return isCount(command) && (before === undefined || isCount(before))
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
