import { LOG_RECORD_OUT_MAX, type LogRecord, type LogSection } from '../../protocol/log-record.js'

/**
 * Turns the bytes that a step prints into log records. UTF-8 sequences may be cut anywhere between
 * two pushes; bytes that are not UTF-8 become U+FFFD; lines longer than `LOG_RECORD_OUT_MAX` become
 * several records, never split inside a surrogate pair. Joining all `out` gives the text again.
 */
export class LineSplitter {
  // A byte order mark is output like any other, so it is kept.
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  #partial = ''
  #pos = 0
  #section: LogSection | undefined

  /** True while the beginning of an unfinished line is held back. */
  get hasPartial(): boolean {
    return this.#partial !== ''
  }

  /** Takes output; gives the records that it completed. `timeMs` is since the step's start. */
  push(data: Uint8Array, timeMs: number): LogRecord[] {
    return this.#take(this.#decoder.decode(data, { stream: true }), timeMs)
  }

  /** Gives the unfinished line as a record; half a UTF-8 sequence is still held back. */
  flush(timeMs: number): LogRecord[] {
    if (this.#partial === '') return []
    const record = this.#record(this.#partial, timeMs)
    this.#partial = ''
    return [record]
  }

  /** What comes next begins a command; an unfinished line before it is given as a record of its own. */
  begin(section: LogSection, timeMs: number): LogRecord[] {
    const records = this.#take(this.#decoder.decode(), timeMs)
    records.push(...this.flush(timeMs))
    this.#section = section
    return records
  }

  /** Gives everything that is left; half a UTF-8 sequence becomes U+FFFD. */
  end(timeMs: number): LogRecord[] {
    const records = this.#take(this.#decoder.decode(), timeMs)
    return [...records, ...this.flush(timeMs)]
  }

  #take(decoded: string, timeMs: number): LogRecord[] {
    const records: LogRecord[] = []
    const text = this.#partial + decoded
    let start = 0
    let searchFrom = this.#partial.length
    for (;;) {
      const newline = text.indexOf('\n', searchFrom)
      const end = newline === -1 ? text.length : newline + 1
      while (end - start > LOG_RECORD_OUT_MAX) {
        const cut = pieceEnd(text, start)
        records.push(this.#record(text.slice(start, cut), timeMs))
        start = cut
      }
      if (newline === -1) break
      records.push(this.#record(text.slice(start, end), timeMs))
      start = end
      searchFrom = end
    }
    this.#partial = text.slice(start)
    return records
  }

  #record(out: string, timeMs: number): LogRecord {
    const section = this.#section
    this.#section = undefined
    const record = { pos: this.#pos++, out, time: timeMs }
    return section === undefined ? record : { ...record, section }
  }
}

function pieceEnd(text: string, start: number): number {
  const end = start + LOG_RECORD_OUT_MAX
  const last = text.charCodeAt(end - 1)
  const isHighSurrogate = last >= 0xd800 && last <= 0xdbff
  return isHighSurrogate ? end - 1 : end
}
