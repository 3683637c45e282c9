import type { Status } from '../../../protocol/status.js'

/** What a log's reader gets, in order. */
export type LogPiece = LogLines | LogRestart | LogIdle | LogEnd

/** Whole NDJSON records without their newlines. The buffers are only good until the next piece. */
export interface LogLines {
  readonly kind: 'lines'
  readonly attempt: number
  /** Number of the first line, from 1. */
  readonly first: number
  readonly lines: readonly Buffer[]
}

/** The stage was given to another runner: what comes now is the log of that attempt, from line 1. */
export interface LogRestart {
  readonly kind: 'restart'
  readonly attempt: number
}

/** Nothing happened for a while. */
export interface LogIdle {
  readonly kind: 'idle'
}

/** The step has ended and its log is complete. */
export interface LogEnd {
  readonly kind: 'end'
  readonly attempt: number
  readonly status: Status
  readonly exitCode: number
  readonly error: string
}
