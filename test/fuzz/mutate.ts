import type { Random } from './random.js'

/** What inputs are made of. */
export interface Material {
  /** Inputs that make sense. */
  readonly seeds: readonly string[]
  /** Words of the language, so that mutants get past its first checks. */
  readonly words: readonly string[]
  /** Length in UTF-16 code units that no mutant exceeds. */
  readonly lengthMax: number
}

type Mutation = (text: string, material: Material, random: Random) => string

/** Bytes that parsers stumble over. */
const ODD = ['\0', '\t', '\r', '\u2028', '\ufeff', '\ud800', '\\', '"', "'", '`', '%', '\u001b']

const insertWord: Mutation = (text, { words }, random) => {
  const at = random.next(text.length + 1)
  return text.slice(0, at) + random.pick(words) + text.slice(at)
}

const insertOdd: Mutation = (text, _material, random) => {
  const at = random.next(text.length + 1)
  return text.slice(0, at) + random.pick(ODD) + text.slice(at)
}

const remove: Mutation = (text, _material, random) => {
  const at = random.next(text.length)
  return text.slice(0, at) + text.slice(at + 1 + random.next(16))
}

const repeat: Mutation = (text, _material, random) => {
  const at = random.next(text.length)
  const end = at + 1 + random.next(40)
  const times = 1 << random.next(12)
  return text.slice(0, end) + text.slice(at, end).repeat(times) + text.slice(end)
}

const swapLines: Mutation = (text, _material, random) => {
  const lines = text.split('\n')
  const [one, other] = [random.next(lines.length), random.next(lines.length)]
  return lines
    .with(one, lines[other] ?? '')
    .with(other, lines[one] ?? '')
    .join('\n')
}

const indent: Mutation = (text, _material, random) => {
  const lines = text.split('\n')
  const at = random.next(lines.length)
  const line = lines[at] ?? ''
  return lines.with(at, random.next(2) === 0 ? `  ${line}` : line.slice(2)).join('\n')
}

const splice: Mutation = (text, { seeds }, random) => {
  const other = random.pick(seeds)
  const from = random.next(other.length)
  const at = random.next(text.length + 1)
  return text.slice(0, at) + other.slice(from, from + random.next(200)) + text.slice(at)
}

const MUTATIONS = [insertWord, insertWord, insertOdd, remove, repeat, swapLines, indent, splice]

/** A mutant of one of the seeds, a few changes away from it. */
export function mutant(material: Material, random: Random): string {
  let text = random.pick(material.seeds)
  for (let left = 1 + random.next(6); left > 0; left--) {
    text = random.pick(MUTATIONS)(text, material, random).slice(0, material.lengthMax)
  }
  return text
}
