import { dockerfileError, unsupported } from '../errors.js'
import { CONFIG_LENGTH_MAX } from '../limits.js'
import { variablesOf, type RunConfig } from '../image/oci-image.js'
import type { Action } from './actions.js'
import { copyAction } from './copy-action.js'
import { expandWords, spend, WordError } from './expand.js'
import { healthcheckOf } from './healthcheck.js'
import type { ArgInstruction, Instruction } from './instruction.js'
import { atPlace } from './raw-instruction.js'
import { portsOf } from './ports.js'
import { absolutePath, commandArgv, runAction } from './run-action.js'
import { isSignal } from './signals.js'
import {
  expand,
  visibleVariables,
  type BuildScope,
  type Situation,
  type StageState,
} from './situation.js'

export interface Evaluated {
  readonly state: StageState
  /** null: it changes the configuration only. */
  readonly action: Action | null
  /** What it did, as history and the log have it. */
  readonly createdBy: string
}

/** Of a stage that nothing has happened in yet. */
export function initialState(config: RunConfig, author: string | null = null): StageState {
  return { config, author, args: new Map(), isCmdSet: false }
}

/**
 * Applies one instruction: what becomes of the configuration, and what is to be done to the files.
 * @throws SandpiperError SP_BUILD_DOCKERFILE, SP_BUILD_UNSUPPORTED
 */
export function evaluate(
  instruction: Instruction,
  state: StageState,
  scope: BuildScope,
): Evaluated {
  const place = { file: scope.file, line: instruction.line }
  const evaluated = atPlace(place, () => apply(instruction, { state, scope, place }))
  const { length } = JSON.stringify(evaluated.state.config)
  atPlace(place, () => spend(scope.effort, length))
  if (length > CONFIG_LENGTH_MAX) {
    const bound = `more than ${String(CONFIG_LENGTH_MAX)} characters`
    throw dockerfileError(place, `the configuration of the image has ${bound}`)
  }
  return evaluated
}

function apply(instruction: Instruction, situation: Situation): Evaluated {
  const { state } = situation
  switch (instruction.kind) {
    case 'ARG':
      return applyArg(instruction, situation)
    case 'ENV':
    case 'LABEL':
      return applyPairs(instruction, situation)
    case 'RUN': {
      const { action, createdBy } = runAction(instruction, situation)
      return { state, action, createdBy }
    }
    case 'COPY':
    case 'ADD': {
      const { action, createdBy } = copyAction(instruction, situation)
      return { state, action, createdBy }
    }
    case 'CMD': {
      const Cmd = commandArgv(instruction.command, state.config)
      const changed = { ...withConfig(state, { Cmd }), isCmdSet: true }
      return onlyConfig(changed, `CMD ${JSON.stringify(Cmd)}`)
    }
    case 'ENTRYPOINT': {
      const Entrypoint = commandArgv(instruction.command, state.config)
      const changed = withConfig(state, { Entrypoint })
      const kept = state.isCmdSet ? changed : withConfig(changed, { Cmd: undefined })
      return onlyConfig(kept, `ENTRYPOINT ${JSON.stringify(Entrypoint)}`)
    }
    case 'SHELL': {
      const { argv } = instruction
      return onlyConfig(withConfig(state, { Shell: argv }), `SHELL ${JSON.stringify(argv)}`)
    }
    case 'HEALTHCHECK': {
      const Healthcheck = healthcheckOf(instruction, situation)
      return onlyConfig(withConfig(state, { Healthcheck }), instruction.text)
    }
    case 'EXPOSE':
    case 'VOLUME':
      return applyWords(instruction, situation)
    default:
      return applyValue(instruction, situation)
  }
}

function onlyConfig(state: StageState, createdBy: string): Evaluated {
  return { state, action: null, createdBy }
}

/** Undefined takes a key away. */
function withConfig(
  state: StageState,
  change: { readonly [K in keyof RunConfig]?: RunConfig[K] | undefined },
): StageState {
  const entries = Object.entries({ ...state.config, ...change })
  const config = Object.fromEntries(entries.filter(([, value]) => value !== undefined))
  return { ...state, config }
}

/**
 * A given value wins over the default of the instruction, and that over what was declared before the
 * first FROM. Without any of them the argument is not set.
 */
function applyArg({ args, text }: ArgInstruction, situation: Situation): Evaluated {
  let { state } = situation
  const { scope } = situation
  for (const { name: word, value } of args) {
    const name = expand(word, { state, scope })
    const set = argumentValue(name, value, { state, scope })
    scope.used.add(name)
    if (set !== undefined) state = { ...state, args: new Map([...state.args, [name, set]]) }
  }
  return onlyConfig(state, text)
}

/** Value of an argument where it is declared; undefined where it has none. @throws WordError */
export function argumentValue(
  name: string,
  value: string | null,
  { state, scope }: Pick<Situation, 'state' | 'scope'>,
): string | undefined {
  const given = scope.given.get(name)
  if (given !== undefined) return given
  return value === null ? scope.globals.get(name) : expand(value, { state, scope })
}

function applyPairs(
  { kind, pairs }: Extract<Instruction, { kind: 'ENV' | 'LABEL' }>,
  situation: Situation,
): Evaluated {
  const { state } = situation
  // All of them see what was there before the instruction.
  const values = pairs.map(({ name, value }): [string, string] => [
    expand(name, situation),
    expand(value, situation),
  ])
  const createdBy = `${kind} ${values.map(([name, value]) => `${name}=${value}`).join(' ')}`
  if (kind === 'LABEL') {
    const Labels = { ...state.config.Labels, ...Object.fromEntries(values) }
    return onlyConfig(withConfig(state, { Labels }), createdBy)
  }
  const all = new Map([...variablesOf(state.config), ...values])
  const Env = [...all].map(([name, value]) => `${name}=${value}`)
  return onlyConfig(withConfig(state, { Env }), createdBy)
}

function applyWords(
  { kind, words }: Extract<Instruction, { kind: 'EXPOSE' | 'VOLUME' }>,
  situation: Situation,
): Evaluated {
  const { state, scope } = situation
  if (kind === 'VOLUME') {
    const paths = words.map((word) => expand(word, situation))
    if (paths.includes('')) throw new WordError('VOLUME needs a path')
    const Volumes = { ...state.config.Volumes, ...asKeys(paths) }
    return onlyConfig(withConfig(state, { Volumes }), `VOLUME ${JSON.stringify(paths)}`)
  }
  const options = { ...scope, variables: visibleVariables(state) }
  const ports = words.flatMap((word) => expandWords(word, options)).flatMap(portsOf)
  const ExposedPorts = { ...state.config.ExposedPorts, ...asKeys(ports) }
  return onlyConfig(withConfig(state, { ExposedPorts }), `EXPOSE ${ports.join(' ')}`)
}

function asKeys(names: readonly string[]): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, {}]))
}

function applyValue(
  instruction: Extract<
    Instruction,
    { kind: 'WORKDIR' | 'USER' | 'STOPSIGNAL' | 'MAINTAINER' | 'ONBUILD' }
  >,
  situation: Situation,
): Evaluated {
  const { state, place } = situation
  const { kind } = instruction
  if (kind === 'ONBUILD') {
    const OnBuild = [...(state.config.OnBuild ?? []), instruction.value]
    return onlyConfig(withConfig(state, { OnBuild }), `ONBUILD ${instruction.value}`)
  }
  if (kind === 'MAINTAINER') {
    return onlyConfig({ ...state, author: instruction.value }, instruction.text)
  }
  const value = expand(instruction.value, situation)
  const createdBy = `${kind} ${value}`
  if (kind === 'USER') return onlyConfig(withConfig(state, { User: value }), createdBy)
  if (kind === 'STOPSIGNAL') {
    if (!isSignal(value)) throw new WordError(`${JSON.stringify(value)} is no signal`)
    return onlyConfig(withConfig(state, { StopSignal: value }), createdBy)
  }
  if (/^[a-z]:[\\/]/i.test(value)) {
    throw unsupported(place, `${value} is a path of Windows`, 'Images for Linux only are built.')
  }
  const path = absolutePath(value, state.config)
  const changed = withConfig(state, { WorkingDir: path })
  const user = state.config.User ?? ''
  return { state: changed, action: { kind: 'directory', path, user }, createdBy: `WORKDIR ${path}` }
}
