/** Longest line of a log archive that is read, in bytes; a record is far below this. */
export const LOG_LINE_BYTES_MAX = 1024 * 1024

const NEWLINE = 0x0a

/** Cuts chunks of bytes into lines, keeping an unfinished one for the next chunk. */
export class LineSplitter {
  #rest: Buffer = Buffer.alloc(0)

  /**
   * The lines that the chunk completes, without their newlines.
   * @throws RangeError when a line is longer than any record can be
   */
  push(chunk: Buffer): Buffer[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const lines: Buffer[] = []
    let start = 0
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      lines.push(bytes.subarray(start, end))
      start = end + 1
    }
    // A copy: the chunk's owner may use its memory again.
    this.#rest = Buffer.from(bytes.subarray(start))
    if (this.#rest.length > LOG_LINE_BYTES_MAX) throw new RangeError('the log has an endless line')
    return lines
  }

  /** What came after the last newline; empty when the text ended with one. */
  finish(): Buffer {
    const rest = this.#rest
    this.#rest = Buffer.alloc(0)
    return rest
  }
}
