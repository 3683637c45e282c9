import { SECTIONS_MAX } from './log-index.js'
import type { LogIndex } from './log-index.js'

/** A command of a step and the part of the log that is its own. */
export interface LogSection {
  /** First line of its text. */
  readonly command: string
  /** Which of the step's commands, from 1. */
  readonly number: number
  /** Numbers of its lines, from 1, both included. */
  readonly firstLine: number
  readonly lastLine: number
  /** Unix milliseconds. */
  readonly started: number
  /** Null while it runs. */
  readonly finished: number | null
  /** Null while it runs, and where it is not known. */
  readonly exitCode: number | null
}

/** What the database knows of the step; null when the log is that of an older attempt. */
export interface SectionsStep {
  readonly started: number
  /** 0 while it runs. */
  readonly stopped: number
  readonly exitCode: number
}

/** The sections of a log: each goes to where the next one begins, the last to the log's end. */
export function sectionsOf(index: LogIndex, step: SectionsStep): readonly LogSection[] {
  return index.sections.map((mark, at) => {
    const next = index.sections[at + 1]
    const hasEnded = next === undefined && step.stopped > 0
    return {
      command: mark.text.replace(/^\+ /, '').trimEnd(),
      number: mark.command + 1,
      firstLine: mark.line,
      lastLine: next === undefined ? index.end.line : next.line - 1,
      started: step.started + mark.timeMs,
      finished: next === undefined ? (hasEnded ? step.stopped : null) : step.started + next.timeMs,
      exitCode: next === undefined ? (hasEnded ? step.exitCode : null) : next.before,
    }
  })
}

/** True when the log may have more sections than are told. */
export function isTruncated(index: LogIndex): boolean {
  return index.sections.length >= SECTIONS_MAX
}
