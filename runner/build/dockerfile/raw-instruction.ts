import { nearest } from '../../../pipelines/index.js'
import { dockerfileError, type Place } from '../errors.js'
import { WordError } from './expand.js'
import { takeFlags } from './flags.js'
import type { Dockerfile, Flag } from './instruction.js'
import type { LogicalLine } from './logical-lines.js'

/** An instruction before it is known what its text means. */
export interface RawInstruction extends LogicalLine {
  readonly keyword: string
  readonly flags: readonly Flag[]
  /** What comes after the flags. */
  readonly rest: string
  readonly place: Place
  readonly escape: string
}

/** Tells the keyword, the flags and the rest of an instruction apart. */
export function rawOf(
  logical: LogicalLine,
  { file, escape }: Pick<Dockerfile, 'file' | 'escape'>,
): RawInstruction {
  const [, keyword = '', after = ''] = /^(\S+)\s*([^]*)$/.exec(logical.text.trim()) ?? []
  const place = { file, line: logical.line }
  return { ...logical, keyword: keyword.toUpperCase(), ...takeFlags(after, escape), place, escape }
}

/** What is wrong with a word is wrong at the instruction. */
export function atPlace<T>(place: Place, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof WordError) throw dockerfileError(place, error.message)
    throw error
  }
}

/**
 * The flags that an instruction may have, by name.
 * @throws SandpiperError SP_BUILD_DOCKERFILE for others
 */
export function flagsOf(
  { flags, keyword, place }: RawInstruction,
  known: readonly string[],
): Map<string, string> {
  const found = new Map<string, string>()
  for (const { name, value } of flags) {
    if (!known.includes(name)) {
      const guess = nearest(name, known)
      const hint = guess === undefined ? '' : `Did you mean --${guess}?`
      throw dockerfileError(place, `${keyword} has no flag --${name}`, hint)
    }
    found.set(name, value ?? 'true')
  }
  return found
}

/** The instruction as one line. */
export function lineOf({ text }: Pick<LogicalLine, 'text'>): string {
  return text.trim().replace(/[ \t]+/g, ' ')
}
