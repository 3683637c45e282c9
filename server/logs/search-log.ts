import { setImmediate as afterOthers } from 'node:timers/promises'
import { decodeLogRecord } from '../../protocol/log-record.js'
import type { LogRecord, LogStream } from '../../protocol/log-record.js'
import { withoutAnsi } from './ansi.js'
import type { LogIndexes } from './log-indexes.js'
import type { LogColumns, LogMatcher } from './log-matcher.js'
import { LineSplitter } from './line-splitter.js'
import type { LogRef, LogStore } from './log-store.js'

/** What one search may read, and how long it may compute; then it tells where to go on. */
const BYTES_MAX = 64 * 1024 * 1024
const COMPUTE_MS_MAX = 500

/** How long others wait at most for a search's next breath, but for a single line's time. */
const SLICE_MS = 10

/** Code units of a line that are told. */
const SHOWN_MAX = 1_000

/** A line that matches. Its text has no control sequences of terminals and no newline. */
export interface LogMatch {
  /** From 1. */
  readonly line: number
  /** Milliseconds since the step started. */
  readonly timeMs: number
  readonly stream: LogStream
  readonly text: string
  /** Column of the text's first character: not 0 where a long line is shown from its middle. */
  readonly textStart: number
  readonly columns: readonly LogColumns[]
  /** Lines around it. */
  readonly before: readonly string[]
  readonly after: readonly string[]
}

export interface LogSearch {
  readonly matcher: LogMatcher
  /** Where the step wrote it; absent: wherever. */
  readonly stream?: LogStream | undefined
  /** Number of the first line that is looked at, from 1. */
  readonly from: number
  /** Matches at most. */
  readonly limit: number
  /** Lines around each match. */
  readonly context: number
}

export interface LogSearchResult {
  readonly matches: readonly LogMatch[]
  /** Number of the line to go on at; null when the log has been searched to its end. */
  readonly next: number | null
}

/** Searches a log, or as much of it as may be done at once. */
export async function searchLog(
  store: LogStore,
  indexes: LogIndexes,
  ref: LogRef,
  search: LogSearch,
): Promise<LogSearchResult> {
  const size = await store.size(ref)
  const start = Math.max(1, search.from - search.context)
  const place = await indexes.placeOf(ref, start - 1)
  const pass = new SearchPass(search, place.line)
  const splitter = new LineSplitter()
  const to = Math.min(size, place.offset + BYTES_MAX)
  for await (const chunk of store.read(ref, place.offset, to)) {
    for (const line of splitter.push(chunk)) {
      if (pass.isOver) return pass.result(true)
      pass.take(line)
      if (pass.isTiring) await pass.rest()
    }
  }
  const last = splitter.finish()
  if (last.length > 0 && to === size) pass.take(last)
  return pass.result(to < size)
}

/** One pass over lines, which keeps no more than matches and the lines around them. */
class SearchPass {
  readonly #search: LogSearch
  readonly #matches: (LogMatch & { readonly after: string[] })[] = []
  #before: readonly string[] = []
  #line: number
  #next: number | null = null
  #computedMs = 0
  #sliceAt = performance.now()

  constructor(search: LogSearch, linesBefore: number) {
    this.#search = search
    this.#line = linesBefore
  }

  /** True when no further line need be looked at. */
  get isOver(): boolean {
    if (this.#next === null) return false
    const last = this.#matches.at(-1)
    return last === undefined || this.#line >= last.line + this.#search.context
  }

  get isTiring(): boolean {
    return performance.now() - this.#sliceAt > SLICE_MS
  }

  /** Lets others have their turn. */
  async rest(): Promise<void> {
    this.#computedMs += performance.now() - this.#sliceAt
    await afterOthers()
    this.#sliceAt = performance.now()
    if (this.#computedMs > COMPUTE_MS_MAX) this.#next ??= this.#line + 1
  }

  take(bytes: Buffer): void {
    this.#line += 1
    const record = recordOf(bytes)
    const text = withoutAnsi(record.out).replace(/\r?\n$/, '')
    this.#addContext(text)
    if (this.#next === null && this.#line >= this.#search.from) this.#match(record, text)
    if (this.#search.context > 0) {
      const before = [...this.#before, text.slice(0, SHOWN_MAX)]
      this.#before = before.slice(-this.#search.context)
    }
  }

  /** `isMore`: the log has lines that were not taken. */
  result(isMore: boolean): LogSearchResult {
    const isCut = this.#next !== null && this.#next <= this.#line
    return { matches: this.#matches, next: isMore || isCut ? (this.#next ?? this.#line + 1) : null }
  }

  #match({ time, ...record }: LogRecord, text: string): void {
    const stream: LogStream = record.stream ?? 'stdout'
    if ((this.#search.stream ?? stream) !== stream) return
    const columns = this.#search.matcher(text)
    const [first] = columns
    if (first === undefined) return
    const textStart = first.end <= SHOWN_MAX ? 0 : Math.max(0, first.start - SHOWN_MAX / 4)
    this.#matches.push({
      line: this.#line,
      timeMs: time,
      stream,
      text: text.slice(textStart, textStart + SHOWN_MAX),
      textStart,
      columns,
      before: this.#before,
      after: [],
    })
    if (this.#matches.length >= this.#search.limit) this.#next = this.#line + 1
  }

  #addContext(text: string): void {
    const { context } = this.#search
    for (let index = this.#matches.length - 1; index >= 0; index -= 1) {
      const match = this.#matches[index]
      if (match === undefined || match.line + context < this.#line) return
      match.after.push(text.slice(0, SHOWN_MAX))
    }
  }
}

/** A damaged line has nothing in it that could match. */
function recordOf(bytes: Buffer): LogRecord {
  try {
    return decodeLogRecord(bytes.toString())
  } catch (error) {
    if (error instanceof SyntaxError) return { pos: 0, out: '', time: 0 }
    throw error
  }
}
