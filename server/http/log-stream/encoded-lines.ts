import type { LogPlace } from '../../logs/log-places.js'
import { ENCODERS } from './encode.js'
import type { StreamFormat } from './encode.js'
import type { LogLines } from './piece.js'
import { linesAfter } from './cursor.js'

/** Some lines of a log, encoded once for everybody who wants them. */
export class EncodedLines {
  readonly #piece: LogLines
  readonly #encoded = new Map<StreamFormat, Buffer>()
  /** Bytes of the log up to its end. */
  readonly endOffset: number
  /** Bytes of the log that it is. */
  readonly bytes: number

  constructor(piece: LogLines, endOffset: number) {
    this.#piece = piece
    this.endOffset = endOffset
    this.bytes = piece.lines.reduce((sum, line) => sum + line.length + 1, 0)
  }

  /** Lines of the log before it. */
  get startLine(): number {
    return this.#piece.first - 1
  }

  /** Lines of the log up to its end. */
  get endLine(): number {
    return this.startLine + this.#piece.lines.length
  }

  get end(): LogPlace {
    return { line: this.endLine, offset: this.endOffset }
  }

  /** What of it comes after the first `line` lines of the log. */
  after(line: number, format: StreamFormat): Buffer {
    if (line <= this.startLine) return this.#whole(format)
    const rest = linesAfter(this.#piece, line)
    return rest === null ? Buffer.alloc(0) : encode(rest, format)
  }

  #whole(format: StreamFormat): Buffer {
    const known = this.#encoded.get(format)
    if (known !== undefined) return known
    const bytes = encode(this.#piece, format)
    this.#encoded.set(format, bytes)
    return bytes
  }
}

function encode(piece: LogLines, format: StreamFormat): Buffer {
  const encoded = ENCODERS[format](piece)
  return typeof encoded === 'string' ? Buffer.from(encoded) : encoded
}
