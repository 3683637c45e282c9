import {
  LOG_RECORD_OUT_MAX,
  LOG_STREAMS,
  type LogRecord,
  type LogSection,
  type LogStream,
} from '../../protocol/log-record.js'

/** What came last from one stream, and is not a whole line yet. */
class Unfinished {
  // A byte order mark is output like any other, so it is kept.
  readonly decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  text = ''
}

/**
 * Turns the bytes that a step prints into log records, one line each: lines of its two streams are never mixed. UTF-8
 * sequences may be cut anywhere between two pushes; bytes that are not UTF-8 become U+FFFD; lines longer than
 * `LOG_RECORD_OUT_MAX` become several records, never split inside a surrogate pair. Joining all `out` of a stream gives
 * its text again.
 */
export class LineSplitter {
  readonly #unfinished: Readonly<Record<LogStream, Unfinished>> = {
    stdout: new Unfinished(),
    stderr: new Unfinished(),
  }
  #pos = 0
  #section: LogSection | undefined

  /** True while the beginning of an unfinished line is held back. */
  get hasPartial(): boolean {
    return LOG_STREAMS.some((stream) => this.#unfinished[stream].text !== '')
  }

  /** Takes output; gives the records that it completed. `timeMs` is since the step's start. */
  push(data: Uint8Array, timeMs: number, stream: LogStream): LogRecord[] {
    const decoded = this.#unfinished[stream].decoder.decode(data, { stream: true })
    return this.#take(stream, decoded, timeMs)
  }

  /** Gives unfinished lines as records; half a UTF-8 sequence is still held back. */
  flush(timeMs: number): LogRecord[] {
    return LOG_STREAMS.flatMap((stream) => this.#flush(stream, timeMs))
  }

  /** What comes next begins a command; an unfinished line before it is given as a record of its own. */
  begin(section: LogSection, timeMs: number): LogRecord[] {
    const records = this.end(timeMs)
    this.#section = section
    return records
  }

  /** Gives everything that is left; half a UTF-8 sequence becomes U+FFFD. */
  end(timeMs: number): LogRecord[] {
    return LOG_STREAMS.flatMap((stream) => {
      const rest = this.#take(stream, this.#unfinished[stream].decoder.decode(), timeMs)
      return [...rest, ...this.#flush(stream, timeMs)]
    })
  }

  #flush(stream: LogStream, timeMs: number): LogRecord[] {
    const { text } = this.#unfinished[stream]
    this.#unfinished[stream].text = ''
    return text === '' ? [] : [this.#record(stream, text, timeMs)]
  }

  #take(stream: LogStream, decoded: string, timeMs: number): LogRecord[] {
    const records: LogRecord[] = []
    const unfinished = this.#unfinished[stream]
    const text = unfinished.text + decoded
    let start = 0
    let searchFrom = unfinished.text.length
    for (;;) {
      const newline = text.indexOf('\n', searchFrom)
      const end = newline === -1 ? text.length : newline + 1
      while (end - start > LOG_RECORD_OUT_MAX) {
        const cut = pieceEnd(text, start)
        records.push(this.#record(stream, text.slice(start, cut), timeMs))
        start = cut
      }
      if (newline === -1) break
      records.push(this.#record(stream, text.slice(start, end), timeMs))
      start = end
      searchFrom = end
    }
    unfinished.text = text.slice(start)
    return records
  }

  #record(stream: LogStream, out: string, timeMs: number): LogRecord {
    const section = this.#section
    this.#section = undefined
    return {
      ...{ pos: this.#pos++, out, time: timeMs },
      ...(stream === 'stdout' ? {} : { stream }),
      ...(section === undefined ? {} : { section }),
    }
  }
}

function pieceEnd(text: string, start: number): number {
  const end = start + LOG_RECORD_OUT_MAX
  const last = text.charCodeAt(end - 1)
  const isHighSurrogate = last >= 0xd800 && last <= 0xdbff
  return isHighSurrogate ? end - 1 : end
}
