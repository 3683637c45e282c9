import { Automaton } from './automaton.js'
import { Cover } from './cover.js'
import { FOLD_DEPTH_MIN, patternsOf } from './patterns.js'

/** What stands for a secret. */
export const MASK = '******'

const NEWLINE = 0x0a
const RETURN = 0x0d

/** Ends of lines in a row through which something folded is followed. */
const FOLDS_MAX = 2

/** Finds secrets in any number of streams; made once for a stage. */
export class MaskRules {
  readonly plain: Automaton
  readonly folded: Automaton
  /** 1 for each two bytes that something to be masked begins with: `first * 256 + second`. */
  readonly pairs = new Uint8Array(65_536)

  /** @param values those too short to be masked are left out */
  constructor(values: Iterable<string>) {
    const patterns = patternsOf(values)
    this.plain = new Automaton(patterns.plain)
    this.folded = new Automaton(patterns.folded)
    for (const [first, second] of [...patterns.plain, ...patterns.folded]) {
      this.pairs[(first ?? 0) * 256 + (second ?? 0)] = 1
    }
  }

  get isEmpty(): boolean {
    return this.plain.isEmpty
  }

  /** The text with every secret masked. */
  mask(text: string): string {
    if (this.isEmpty) return text
    const masker = new Masker(this)
    return Buffer.concat([masker.write(Buffer.from(text)), masker.end()]).toString()
  }

  /** Whether there is a secret in the text. */
  isIn(text: string): boolean {
    return this.mask(text) !== text
  }
}

/**
 * Masks one stream. What comes out is the same however the stream is cut into pieces: every byte that is part of any
 * form of any secret is covered, and what is covered in a row becomes one mask; ends of lines stay. Bytes are held
 * back only while they may be the start of a secret, so what a program prints and then waits is seen, but for
 * a few characters that happen to begin one: a secret that comes in two parts with a pause between is masked all
 * the same.
 */
export class Masker {
  readonly #rules: MaskRules
  readonly #cover = new Cover(MASK)
  #plain = 0
  #folded = 0
  /** Where ends of lines are that `#folded` went through. */
  #folds: number[] = []
  #foldsInRow = 0

  constructor(rules: MaskRules) {
    this.#rules = rules
  }

  /** The bytes that can be told by now. */
  write(data: Buffer): Buffer {
    const { plain, folded } = this.#rules
    const cover = this.#cover
    const start = cover.add(data)
    const step = (at: number): void => this.#step(data[at] as number, start + at + 1)
    let at = 0
    // What the last piece ended with.
    if (!this.#isAtRoot && at < data.length) step(at++)
    while (at < data.length) {
      if (!this.#isOpen) {
        // At most the last byte is known of: it is looked at once more, now with the next one.
        at = this.#skip(data, Math.max(at - 1, 0))
        step(at++)
      }
      if (at < data.length) step(at++)
    }
    const end = start + data.length
    const plainStart = end - (plain.depth[this.#plain] as number)
    const foldedStart = this.#foldedStart(end, folded.depth[this.#folded] as number)
    this.#folds = this.#folds.filter((fold) => fold >= foldedStart)
    return cover.take(Math.min(plainStart, foldedStart))
  }

  /** Forgets all and finds the next byte that may be the first of something; the last one of all may always be. */
  #skip(data: Buffer, from: number): number {
    this.#plain = 0
    this.#folded = 0
    const { pairs } = this.#rules
    const last = data.length - 1
    let at = from
    while (at < last && pairs[(data[at] as number) * 256 + (data[at + 1] as number)] === 0) at += 1
    return at
  }

  get #isAtRoot(): boolean {
    return this.#plain === 0 && this.#folded === 0
  }

  /** Whether more than the last byte counts. */
  get #isOpen(): boolean {
    const { plain, folded } = this.#rules
    return (plain.depth[this.#plain] as number) > 1 || (folded.depth[this.#folded] as number) > 1
  }

  #step(byte: number, end: number): void {
    const { plain, folded } = this.#rules
    this.#plain = plain.next(this.#plain, byte)
    const length = plain.matched[this.#plain] as number
    if (length > 0) this.#cover.mark(end - length, end)
    if (byte === NEWLINE || byte === RETURN) this.#fold(end - 1)
    else this.#follow(folded, byte, end)
  }

  /** All that was held back. The stream has ended. */
  end(): Buffer {
    this.#plain = 0
    this.#folded = 0
    this.#folds = []
    return this.#cover.take(Infinity)
  }

  #follow(folded: Automaton, byte: number, end: number): void {
    this.#foldsInRow = 0
    this.#folded = folded.next(this.#folded, byte)
    const length = folded.matched[this.#folded] as number
    if (length > 0) this.#cover.mark(this.#foldedStart(end, length), end)
    if (this.#folded === 0) this.#folds = []
  }

  /** The end of a line in the middle of base64 is passed over; after a few characters it may be anything. */
  #fold(at: number): void {
    if (this.#folded === 0) return
    this.#foldsInRow += 1
    const isLate = (this.#rules.folded.depth[this.#folded] as number) >= FOLD_DEPTH_MIN
    if (isLate && this.#foldsInRow <= FOLDS_MAX) {
      this.#folds.push(at)
      return
    }
    this.#folded = 0
    this.#folds = []
  }

  /** Where the last `length` bytes before `end` begin, the ends of lines among them not counted. */
  #foldedStart(end: number, length: number): number {
    if (length === 0) return end
    let start = end - length
    for (let index = this.#folds.length - 1; index >= 0; index -= 1) {
      // Those right before the first byte are not among them.
      if ((this.#folds[index] as number) < start) break
      start -= 1
    }
    return start
  }
}
