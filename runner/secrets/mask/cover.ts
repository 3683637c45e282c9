const NEWLINE = 0x0a

/** The bytes of a stream that are not told yet, and which of them are to be covered. Positions count from its start. */
export class Cover {
  readonly #mask: Buffer
  #held: Buffer = Buffer.alloc(0)
  /** Position of the first byte that is held. */
  #start = 0
  /** Pieces to be covered, in order, apart from each other: start, end, start, end. */
  #marks: number[] = []
  /** The last byte that was told was covered, so the mask stands already. */
  #isMasked = false

  constructor(mask: string) {
    this.#mask = Buffer.from(mask)
  }

  /** Takes bytes. @returns position of the first of them */
  add(data: Buffer): number {
    const at = this.#start + this.#held.length
    this.#held = this.#held.length === 0 ? data : Buffer.concat([this.#held, data])
    return at
  }

  /** Covers a piece; `end` is never less than that of a piece before. */
  mark(from: number, end: number): void {
    let start = Math.max(from, this.#start)
    const marks = this.#marks
    while (marks.length > 0 && start <= (marks.at(-1) as number)) {
      marks.pop()
      start = Math.min(start, marks.pop() as number)
    }
    marks.push(start, end)
  }

  /** What is before a position, covered where it is to be. Later pieces may not begin before it. */
  take(before: number): Buffer {
    const length = Math.max(0, Math.min(before - this.#start, this.#held.length))
    const data = this.#held.subarray(0, length)
    const end = this.#start + length
    const parts: Buffer[] = []
    let at = this.#start
    const marks = this.#marks
    let used = 0
    for (; used < marks.length && (marks[used] as number) < end; used += 2) {
      const from = marks[used] as number
      const to = Math.min(marks[used + 1] as number, end)
      this.#tell(parts, data.subarray(at - this.#start, from - this.#start))
      this.#coverUp(parts, data.subarray(from - this.#start, to - this.#start))
      at = to
      if ((marks[used + 1] as number) > end) {
        marks[used] = end
        break
      }
    }
    this.#tell(parts, data.subarray(at - this.#start))
    marks.splice(0, used)
    // A copy, for a few held bytes must not keep a large piece in memory.
    this.#held = Buffer.from(this.#held.subarray(length))
    this.#start = end
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
  }

  #tell(parts: Buffer[], data: Buffer): void {
    if (data.length === 0) return
    parts.push(data)
    this.#isMasked = false
  }

  /** One mask for each line. */
  #coverUp(parts: Buffer[], data: Buffer): void {
    for (const [index, line] of linesOf(data).entries()) {
      if (index > 0) {
        parts.push(Buffer.of(NEWLINE))
        this.#isMasked = false
      }
      if (line.length === 0 || this.#isMasked) continue
      parts.push(this.#mask)
      this.#isMasked = true
    }
  }
}

function linesOf(data: Buffer): readonly Buffer[] {
  const lines: Buffer[] = []
  let start = 0
  for (let at = data.indexOf(NEWLINE); at >= 0; at = data.indexOf(NEWLINE, start)) {
    lines.push(data.subarray(start, at))
    start = at + 1
  }
  lines.push(data.subarray(start))
  return lines
}
