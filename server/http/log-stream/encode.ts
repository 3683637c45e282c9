import { decodeLogRecord } from '../../../protocol/log-record.js'
import type { LogRecord } from '../../../protocol/log-record.js'
import type { LogFormat } from './negotiate.js'
import type { LogLines, LogPiece } from './piece.js'

const NEWLINE = Buffer.from('\n')
const BRACE = '}'.charCodeAt(0)

/** Turns pieces of a log into the bytes of a format; an empty string when a piece has none in it. */
export type LogEncoder = (piece: LogPiece) => string | Buffer

/** A format that is made of pieces one by one. */
export type StreamFormat = Exclude<LogFormat, 'application/json'>

/** The encoder of each of them. */
export const ENCODERS: Readonly<Record<StreamFormat, LogEncoder>> = {
  'text/plain': encodeText,
  'application/x-ndjson': encodeNdjson,
  'text/event-stream': encodeEvents,
}

/** Id of an event: the line's number, and before it the attempt where it is not the first. */
export function eventId(attempt: number, line: number): string {
  return attempt <= 1 ? String(line) : `${attempt}-${line}`
}

/** The record of a line; one that can't be read becomes a record that says so. */
export function recordOf(line: Buffer, number: number): LogRecord {
  return decoded(line) ?? damaged(number)
}

/** The very bytes of a line, or of a record that says that they are none. */
function readable(line: Buffer, number: number): Buffer {
  return decoded(line) === null ? Buffer.from(JSON.stringify(damaged(number))) : line
}

function decoded(line: Buffer): LogRecord | null {
  try {
    return decodeLogRecord(line.toString())
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

function damaged(number: number): LogRecord {
  return { pos: number - 1, out: `[sandpiper: line ${number} of the log is damaged]\n`, time: 0 }
}

function encodeText(piece: LogPiece): string {
  if (piece.kind === 'restart') return `[sandpiper: attempt ${piece.attempt} starts]\n`
  return piece.kind === 'lines' ? records(piece, (record) => record.out) : ''
}

function encodeNdjson(piece: LogPiece): Buffer {
  if (piece.kind !== 'lines') return Buffer.alloc(0)
  const lines = piece.lines.flatMap((line, index) => [readable(line, piece.first + index), NEWLINE])
  return Buffer.concat(lines)
}

/** Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html */
function encodeEvents(piece: LogPiece): string {
  switch (piece.kind) {
    case 'idle':
      return ': heartbeat\n\n'
    case 'restart':
      return event('restart', { attempt: piece.attempt })
    case 'end': {
      const { status, exitCode, error, attempt } = piece
      return event('end', { status, exit_code: exitCode, error, attempt })
    }
    case 'lines':
      return piece.lines.map((line, index) => lineEvent(piece, line, index)).join('')
  }
}

function lineEvent({ attempt, first }: LogLines, line: Buffer, index: number): string {
  // A carriage return would end the field. In JSON it can only be white space between tokens.
  const data = readable(line, first + index)
    .toString()
    .replaceAll('\r', ' ')
  const id = eventId(attempt, first + index)
  return `${sectionEvent(line, first + index)}id: ${id}\ndata: ${data}\n\n`
}

/** Before the first line of a command. Only records with more to say end so: see `LogIndex`. */
function sectionEvent(line: Buffer, number: number): string {
  if (line.at(-1) !== BRACE || line.at(-2) !== BRACE) return ''
  const { section, time } = recordOf(line, number)
  if (section === undefined) return ''
  const { command, before = null } = section
  return event('section', { number: command + 1, first_line: number, time, before })
}

function event(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}

function records({ first, lines }: LogLines, encode: (record: LogRecord) => string): string {
  return lines.map((line, index) => encode(recordOf(line, first + index))).join('')
}
