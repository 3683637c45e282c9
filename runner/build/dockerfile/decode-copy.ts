import { unsupported } from '../errors.js'
import { WordError } from './expand.js'
import type { Instruction } from './instruction.js'
import { flagsOf, lineOf, type RawInstruction } from './raw-instruction.js'
import { jsonStrings, plainWords } from './words.js'

const COMMON = ['chown', 'chmod', 'link', 'exclude', 'parents']
const FLAGS = {
  COPY: ['from', ...COMMON],
  ADD: ['checksum', 'keep-git-dir', 'unpack', ...COMMON],
}

/** COPY and ADD. `--link` asks for what is so anyway: each makes a layer of its own. */
export function decodeCopy(raw: RawInstruction): Instruction {
  const kind = raw.keyword === 'COPY' ? 'COPY' : 'ADD'
  const flags = flagsOf(raw, FLAGS[kind])
  for (const name of ['parents', 'unpack']) {
    if (!flags.has(name) || flags.get(name) === 'false') continue
    const hint = 'Name each directory in a COPY of its own.'
    throw unsupported(raw.place, `${kind} --${name} is not supported`, hint)
  }
  const words = jsonStrings(raw.rest) ?? plainWords(raw.rest)
  const target = words.at(-1)
  const sources = words.slice(0, -1)
  if (target === undefined || sources.length === 0) {
    throw new WordError(`${kind} needs a source and a target`)
  }
  return {
    kind,
    line: raw.line,
    text: lineOf(raw),
    ...{ sources, target, heredocs: raw.heredocs },
    from: flags.get('from') ?? null,
    chown: flags.get('chown') ?? null,
    chmod: flags.get('chmod') ?? null,
    exclude: raw.flags.flatMap(({ name, value }) =>
      name === 'exclude' && value !== null ? [value] : [],
    ),
    checksum: flags.get('checksum') ?? null,
  }
}
