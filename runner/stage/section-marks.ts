import { randomBytes } from 'node:crypto'
import {
  FENCE,
  SECTION_MARK_END,
  sectionMarkStart,
  SHOWN,
} from '../../pipelines/script/section-mark.js'
import type { LogSection } from '../../protocol/log-record.js'

/** Digits of a command's number and of an exit status, with the semicolon between. */
const CONTENT_BYTES_MAX = 16

const END = Buffer.from(SECTION_MARK_END)

/** What the script says of a command that begins: on standard output what it is, and when its text is printed. */
export type SectionMark = LogSection | typeof FENCE | typeof SHOWN

/** What a script's marks are known by: made anew for each step. */
export function newMarkSecret(): string {
  return randomBytes(12).toString('hex')
}

/**
 * Finds what a step's script says between what its commands print, in one of its outputs. A mark has a number in it
 * that nobody can guess: what is merely printed, say a file of somebody else's, can't have it. A command that reads its
 * own script could; all it would forge is how its own log folds.
 */
export class SectionMarks {
  readonly #start: Buffer
  #held: Buffer = Buffer.alloc(0)

  constructor(secret: string) {
    this.#start = Buffer.from(sectionMarkStart(secret))
  }

  /** What waited: nothing more comes. */
  flush(): Buffer {
    const held = this.#held
    this.#held = Buffer.alloc(0)
    return held
  }

  /** Text and marks in the order in which they came. What may be the beginning of a mark waits for more. */
  *take(data: Buffer): Generator<Buffer | SectionMark, void> {
    const bytes = this.#held.length === 0 ? data : Buffer.concat([this.#held, data])
    this.#held = Buffer.alloc(0)
    let from = 0
    for (let at = bytes.indexOf(this.#start); at !== -1; at = bytes.indexOf(this.#start, from)) {
      if (at > from) yield bytes.subarray(from, at)
      const content = at + this.#start.length
      const end = bytes.subarray(content, content + CONTENT_BYTES_MAX).indexOf(END)
      if (end === -1 && bytes.length < content + CONTENT_BYTES_MAX) {
        this.#held = Buffer.from(bytes.subarray(at))
        return
      }
      const mark = end === -1 ? null : markOf(bytes.subarray(content, content + end))
      yield mark ?? bytes.subarray(at, content)
      from = mark === null ? content : content + end + END.length
    }
    const rest = bytes.subarray(from)
    const text = rest.subarray(0, rest.length - this.#startsAtEnd(rest))
    this.#held = Buffer.from(rest.subarray(text.length))
    if (text.length > 0) yield text
  }

  /** How many of the last bytes are the beginning of a mark's beginning. */
  #startsAtEnd(bytes: Buffer): number {
    const longest = Math.min(bytes.length, this.#start.length - 1)
    for (let length = longest; length > 0; length -= 1) {
      if (bytes.subarray(-length).equals(this.#start.subarray(0, length))) return length
    }
    return 0
  }
}

/** Before the first command there is none that could have ended. */
function markOf(content: Buffer): SectionMark | null {
  const text = content.toString('latin1')
  if (text === FENCE || text === SHOWN) return text
  const match = /^(\d{1,9});(\d{1,3})$/.exec(text)
  if (match === null) return null
  const command = Number(match[1])
  return command === 0 ? { command } : { command, before: Number(match[2]) }
}
