/** A place between two lines of a log. */
export interface LogPlace {
  /** Lines before it. */
  readonly line: number
  /** Bytes before it. */
  readonly offset: number
}

/** Before the first line. */
export const LOG_START: LogPlace = { line: 0, offset: 0 }

/** A line that begins a command of the step. */
export interface LogSectionMark {
  /** Number of the line, from 1. */
  readonly line: number
  /** Which of the step's commands, from 0. */
  readonly command: number
  /** Exit status of the command before it; null when there is none. */
  readonly before: number | null
  /** Milliseconds since the step started. */
  readonly timeMs: number
  /** The line's text: the command as the log shows it. */
  readonly text: string
}
