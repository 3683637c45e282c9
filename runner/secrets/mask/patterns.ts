import { base64Forms } from './base64-forms.js'
import { encodingsOf } from './encodings.js'

/** What is to be found in output. */
export interface MaskPatterns {
  /** Found as they stand. */
  readonly plain: readonly Buffer[]
  /** base64 and hexadecimal digits, which programs break into lines wherever they like. */
  readonly folded: readonly Buffer[]
}

/** Bytes that a secret has at least to be masked: less would mask half of every log. */
export const MASKED_BYTES_MIN = 3

/** The same of one line among several, of which some are likely to be of no account. */
const LINE_BYTES_MIN = 8

/** Ends of what RFC 7468 has in lines; not secret, and in every log that has to do with keys. */
const PEM_BOUNDARY = /^-----(?:BEGIN|END) [A-Z0-9 ]+-----$/

/** Whether a value is long enough to be masked. */
export function canMask(value: string): boolean {
  return Buffer.byteLength(value.trim()) >= MASKED_BYTES_MIN
}

/** The forms of all values that are long enough. */
export function patternsOf(values: Iterable<string>): MaskPatterns {
  const plain = new Set<string>()
  const folded = new Set<string>()
  for (const value of values) {
    if (!canMask(value)) continue
    for (const text of partsOf(value)) {
      plain.add(text)
      for (const form of encodingsOf(text)) plain.add(form)
      for (const form of foldedForms(text)) folded.add(form)
    }
  }
  return { plain: buffersOf(plain), folded: buffersOf(folded) }
}

/** The value, without the blanks around it, and each of its lines. */
function partsOf(value: string): ReadonlySet<string> {
  const trimmed = value.trim()
  const lines = trimmed.split(/\r\n|\n|\r/).map((line) => line.trim())
  const long = lines.filter((line) => Buffer.byteLength(line) >= LINE_BYTES_MIN)
  const secret = long.filter((line) => !PEM_BOUNDARY.test(line))
  return new Set(lines.length === 1 ? [trimmed, value] : [trimmed, value, ...secret])
}

function foldedForms(text: string): readonly string[] {
  const bytes = Buffer.from(text)
  const hex = bytes.toString('hex')
  return [...base64Forms(bytes), hex, hex.toUpperCase()].flatMap(withLateStarts)
}

/** Where a line breaks within the first characters the rest is still known. */
export const FOLD_DEPTH_MIN = 4

function withLateStarts(form: string): readonly string[] {
  if (form.length < 3 * FOLD_DEPTH_MIN) return [form]
  return [form, ...Array.from({ length: FOLD_DEPTH_MIN - 1 }, (_, index) => form.slice(index + 1))]
}

function buffersOf(texts: ReadonlySet<string>): readonly Buffer[] {
  return [...texts].map((text) => Buffer.from(text)).filter((it) => it.length >= MASKED_BYTES_MIN)
}
