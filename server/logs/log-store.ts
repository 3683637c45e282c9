import type { LogIndex } from './log-index.js'

/** Names the log of one step in one attempt of its stage. */
export interface LogRef {
  readonly stageId: number
  readonly attempt: number
  readonly step: number
}

/** A text that names the log among all others. */
export function logKey({ stageId, attempt, step }: LogRef): string {
  return `${stageId}.${attempt}.${step}`
}

/**
 * Where logs are kept: append-only byte strings of NDJSON records. The file system adapter keeps one
 * file a step; an object store can keep segments.
 */
export interface LogStore {
  /**
   * Adds bytes at `offset`. Bytes the log already has are ignored, so a chunk may come twice.
   * @returns the log's new length, which is less than `offset + data.length` when there is a gap.
   */
  append(ref: LogRef, offset: number, data: Buffer): Promise<number>
  /** Makes what was appended safe from a loss of power. */
  sync(ref: LogRef): Promise<void>
  /** Length in bytes; 0 when there is none. */
  size(ref: LogRef): Promise<number>
  /** The bytes from `from` to `to` (exclusive) as a stream of chunks. */
  read(ref: LogRef, from: number, to: number): AsyncIterable<Buffer>
  /** SHA-256 of the whole log, lower-case hex. */
  sha256(ref: LogRef): Promise<string>
  remove(ref: LogRef): Promise<void>
  /** Removes the logs of every attempt of a stage. */
  removeStage(stageId: number): Promise<void>
  /** The index of a log that is kept with it; null when it must be made by reading. */
  savedIndex?(ref: LogRef): Promise<LogIndex | null>
}
