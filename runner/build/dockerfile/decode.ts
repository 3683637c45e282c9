import type { SandpiperError } from '../../../protocol/errors.js'
import { nearest } from '../../../pipelines/index.js'
import { dockerfileError, unsupported } from '../errors.js'
import { decodeCopy } from './decode-copy.js'
import { WordError } from './expand.js'
import type { CommandForm, Dockerfile, Instruction, StageSource } from './instruction.js'
import type { LogicalLine } from './logical-lines.js'
import { parseMountFlag } from './mount-flag.js'
import { atPlace, flagsOf, lineOf, rawOf, type RawInstruction } from './raw-instruction.js'
import { jsonStrings, nameValues, plainWords, quotedWords } from './words.js'

type Context = Pick<Dockerfile, 'file' | 'escape'>

/**
 * What one instruction says. All but FROM.
 * @throws SandpiperError SP_BUILD_DOCKERFILE, SP_BUILD_UNSUPPORTED
 */
export function decodeInstruction(logical: LogicalLine, context: Context): Instruction {
  const raw = rawOf(logical, context)
  const decode = DECODERS.get(raw.keyword)
  if (decode === undefined) throw unknownInstruction(raw)
  return atPlace(raw.place, () => decode(raw))
}

/** @throws SandpiperError SP_BUILD_DOCKERFILE */
export function decodeFrom(
  logical: LogicalLine,
  context: Context,
): Omit<StageSource, 'instructions'> {
  const raw = rawOf(logical, context)
  const flags = flagsOf(raw, ['platform'])
  const [base, as, name, ...more] = plainWords(raw.rest)
  const hasName = as !== undefined
  if (
    base === undefined ||
    (hasName && (!/^as$/i.test(as) || name === undefined || more.length > 0))
  ) {
    throw dockerfileError(
      raw.place,
      'FROM needs an image or stage, and may have a name: FROM image AS name',
    )
  }
  if (name !== undefined && !/^[a-z][a-z0-9_.-]*$/i.test(name)) {
    throw dockerfileError(
      raw.place,
      `${JSON.stringify(name)} is no name for a stage: a letter, then letters, digits and ._-`,
    )
  }
  return {
    line: logical.line,
    text: lineOf(raw),
    base,
    platform: flags.get('platform') ?? null,
    name: name?.toLowerCase() ?? null,
  }
}

type Decoder = (raw: RawInstruction) => Instruction

const DECODERS = new Map<string, Decoder>([
  ['ADD', decodeCopy],
  ['COPY', decodeCopy],
  ['ARG', decodeArg],
  ['CMD', decodeProgram],
  ['ENTRYPOINT', decodeProgram],
  ['ENV', decodePairs],
  ['LABEL', decodePairs],
  ['EXPOSE', decodeExpose],
  ['HEALTHCHECK', decodeHealthcheck],
  ['MAINTAINER', decodeValue],
  ['ONBUILD', decodeOnbuild],
  ['RUN', decodeRun],
  ['SHELL', decodeShell],
  ['STOPSIGNAL', decodeValue],
  ['USER', decodeValue],
  ['VOLUME', decodeVolume],
  ['WORKDIR', decodeValue],
])

function baseOf(raw: RawInstruction): { readonly line: number; readonly text: string } {
  return { line: raw.line, text: lineOf(raw) }
}

function decodeArg(raw: RawInstruction): Instruction {
  flagsOf(raw, [])
  const args = quotedWords(raw.rest, raw.escape).map((word) => {
    const equals = word.indexOf('=')
    const name = equals < 0 ? word : word.slice(0, equals)
    if (name === '') throw new WordError('ARG has no name before =')
    return { name, value: equals < 0 ? null : word.slice(equals + 1) }
  })
  if (args.length === 0) throw new WordError('ARG needs a name')
  return { kind: 'ARG', ...baseOf(raw), args }
}

function decodePairs(raw: RawInstruction): Instruction {
  flagsOf(raw, [])
  const kind = raw.keyword === 'ENV' ? 'ENV' : 'LABEL'
  return { kind, ...baseOf(raw), pairs: nameValues(raw.rest, raw.escape, kind) }
}

function commandOf(text: string): CommandForm {
  const argv = jsonStrings(text)
  return argv === null ? { form: 'shell', text } : { form: 'exec', argv }
}

function decodeProgram(raw: RawInstruction): Instruction {
  flagsOf(raw, [])
  const kind = raw.keyword === 'CMD' ? 'CMD' : 'ENTRYPOINT'
  return { kind, ...baseOf(raw), command: commandOf(raw.rest) }
}

const RUN_FLAGS = ['mount', 'network', 'security', 'device']

function decodeRun(raw: RawInstruction): Instruction {
  const flags = flagsOf(raw, RUN_FLAGS)
  for (const name of ['security', 'device']) {
    const isDefault = name === 'security' && flags.get(name) === 'sandbox'
    if (flags.has(name) && !isDefault) throw moreRights(raw, `--${name}`)
  }
  if (raw.rest.trim() === '') throw new WordError('RUN needs a command')
  const mounts = raw.flags.filter(({ name }) => name === 'mount')
  return {
    kind: 'RUN',
    ...baseOf(raw),
    command: commandOf(raw.rest),
    heredocs: raw.heredocs,
    mounts: mounts.map(({ value }) => parseMountFlag(value ?? '')),
    network: networkOf(raw, flags.get('network')),
  }
}

function networkOf(raw: RawInstruction, network: string | undefined): 'default' | 'none' {
  if (network === undefined || network === 'default') return 'default'
  if (network === 'none') return 'none'
  if (network === 'host') throw moreRights(raw, '--network=host')
  throw new WordError(`--network is none or default, not ${JSON.stringify(network)}`)
}

function moreRights({ place }: RawInstruction, flag: string): SandpiperError {
  return unsupported(
    place,
    `RUN ${flag} is not allowed`,
    'A RUN has the rights of a step, no more.',
  )
}

function decodeShell(raw: RawInstruction): Instruction {
  flagsOf(raw, [])
  const argv = jsonStrings(raw.rest)
  if (argv === null || argv.length === 0) {
    throw new WordError('SHELL needs a list: SHELL ["/bin/bash", "-c"]')
  }
  return { kind: 'SHELL', ...baseOf(raw), argv }
}

function decodeExpose(raw: RawInstruction): Instruction {
  flagsOf(raw, [])
  const words = plainWords(raw.rest)
  if (words.length === 0) throw new WordError('EXPOSE needs a port')
  return { kind: 'EXPOSE', ...baseOf(raw), words }
}

function decodeVolume(raw: RawInstruction): Instruction {
  flagsOf(raw, [])
  const words = jsonStrings(raw.rest) ?? plainWords(raw.rest)
  if (words.length === 0 || words.some((word) => word.trim() === '')) {
    throw new WordError('VOLUME needs a path')
  }
  return { kind: 'VOLUME', ...baseOf(raw), words }
}

function decodeValue(raw: RawInstruction): Instruction {
  flagsOf(raw, [])
  const kind = raw.keyword as 'WORKDIR' | 'USER' | 'STOPSIGNAL' | 'MAINTAINER'
  const value = raw.rest.trim()
  if (value === '') throw new WordError(`${kind} needs a value`)
  return { kind, ...baseOf(raw), value }
}

/** Kept as text; what it says is read now so that it is told now what is wrong with it. */
function decodeOnbuild(raw: RawInstruction): Instruction {
  const text = raw.flags.length > 0 ? '' : raw.rest.trim()
  const [keyword = ''] = plainWords(text)
  if (text === '') throw new WordError('ONBUILD needs an instruction')
  if (['FROM', 'MAINTAINER', 'ONBUILD'].includes(keyword.toUpperCase())) {
    throw new WordError(`ONBUILD ${keyword.toUpperCase()} is not allowed`)
  }
  decodeInstruction(
    { line: raw.line, text, heredocs: raw.heredocs },
    { file: raw.place.file, escape: raw.escape },
  )
  return { kind: 'ONBUILD', ...baseOf(raw), value: withHeredocs(text, raw) }
}

function withHeredocs(text: string, { heredocs }: RawInstruction): string {
  const ends = heredocs.map(({ content, name }) => `${content}${name}`)
  return [text, ...ends].join('\n')
}

const TIMES = {
  interval: 'Interval',
  timeout: 'Timeout',
  'start-period': 'StartPeriod',
  'start-interval': 'StartInterval',
} as const

function decodeHealthcheck(raw: RawInstruction): Instruction {
  const flags = flagsOf(raw, [...Object.keys(TIMES), 'retries'])
  const [, type = '', rest = ''] = /^(\S+)\s*([^]*)$/.exec(raw.rest.trim()) ?? []
  const isNone = /^none$/i.test(type)
  if (!isNone && (!/^cmd$/i.test(type) || rest === '')) {
    throw new WordError('HEALTHCHECK needs NONE, or CMD and a command')
  }
  if (isNone && (rest !== '' || flags.size > 0)) {
    throw new WordError('HEALTHCHECK NONE takes nothing else')
  }
  const times = Object.entries(TIMES).flatMap(([flag, key]) => {
    const value = flags.get(flag)
    return value === undefined ? [] : [[key, value] as const]
  })
  return {
    kind: 'HEALTHCHECK',
    ...baseOf(raw),
    command: isNone ? null : commandOf(rest),
    times: Object.fromEntries(times),
    retries: flags.get('retries') ?? null,
  }
}

function unknownInstruction({ keyword, place }: RawInstruction): SandpiperError {
  const known = [...DECODERS.keys(), 'FROM'].map((name) => name.toLowerCase())
  const guess = nearest(keyword, known)
  const hint = guess === undefined ? '' : `Did you mean ${guess.toUpperCase()}?`
  return dockerfileError(place, `there is no instruction ${JSON.stringify(keyword)}`, hint)
}
