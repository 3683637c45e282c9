import { SandpiperError } from '../../../protocol/errors.js'
import { nearest } from '../../../pipelines/index.js'
import { dockerfileError } from '../errors.js'
import { argumentValue, initialState } from './evaluate.js'
import type { Dockerfile, StageSource } from './instruction.js'
import { atPlace } from './raw-instruction.js'
import { expand, type BuildScope } from './situation.js'

/** Characters that a whole build may look at while it replaces variables: a second or two. */
const EFFORT = 50_000_000

export interface ScopeOptions {
  /** Build arguments. */
  readonly args: ReadonlyMap<string, string>
  /** What the image is built for, e.g. `linux/amd64`. */
  readonly platform: string
}

/**
 * What holds for a whole build: the arguments that were given, and those declared before the first FROM.
 * @throws SandpiperError SP_BUILD_DOCKERFILE
 */
export function buildScope({ file, escape, args }: Dockerfile, options: ScopeOptions): BuildScope {
  const globals = new Map(platformArguments(options.platform))
  const scope = {
    ...{ file, escape, given: options.args, globals },
    effort: { left: EFFORT },
    used: new Set<string>(),
  }
  for (const { line, args: declared } of args) {
    for (const { name, value } of declared) {
      const state = { ...initialState({}), args: globals }
      const set = atPlace({ file, line }, () => argumentValue(name, value, { state, scope }))
      scope.used.add(name)
      if (set !== undefined) globals.set(name, set)
    }
  }
  return scope
}

/** BuildKit's own arguments; both platforms are this machine's. */
function platformArguments(platform: string): [string, string][] {
  const [os = '', arch = '', variant = ''] = platform.split('/')
  return ['TARGET', 'BUILD'].flatMap((prefix): [string, string][] => [
    [`${prefix}PLATFORM`, platform],
    [`${prefix}OS`, os],
    [`${prefix}ARCH`, arch],
    [`${prefix}VARIANT`, variant],
  ])
}

/** What FROM, COPY --from and RUN --mount from name. */
export type Origin =
  | { readonly kind: 'stage'; readonly index: number }
  | { readonly kind: 'image'; readonly name: string }
  | { readonly kind: 'scratch' }

/** What the stage of that number is built on. @throws SandpiperError SP_BUILD_DOCKERFILE */
export function baseOf(dockerfile: Dockerfile, index: number, scope: BuildScope): Origin {
  const stage = dockerfile.stages[index]
  if (stage === undefined) throw new TypeError(`there is no stage ${String(index)}`)
  const place = { file: scope.file, line: stage.line }
  const base = atPlace(place, () => expandGlobal(stage.base, scope))
  if (base === '') {
    throw dockerfileError(
      place,
      `FROM ${stage.base} names nothing`,
      'Give the argument a default: ARG NAME=value before the first FROM.',
    )
  }
  if (base === 'scratch') return { kind: 'scratch' }
  return stageNamed(dockerfile, base, index) ?? { kind: 'image', name: base }
}

/** What `--from` names in the stage of that number: an earlier stage, by name or number, or an image. */
export function fromOf(dockerfile: Dockerfile, from: string, index: number): Origin {
  const stage = stageNamed(dockerfile, from, index)
  if (stage !== null) return stage
  const number = /^\d{1,4}$/.test(from) ? Number(from) : null
  if (number !== null && number < index) return { kind: 'stage', index: number }
  return { kind: 'image', name: from }
}

/** For which platform a stage is; null where it does not say. @throws SandpiperError */
export function platformOf(stage: StageSource, scope: BuildScope): string | null {
  if (stage.platform === null) return null
  const { platform } = stage
  return atPlace({ file: scope.file, line: stage.line }, () => expandGlobal(platform, scope))
}

/**
 * Number of the stage that is wanted: by name or number; the last one where nothing is asked for.
 * @throws SandpiperError SP_BUILD_TARGET
 */
export function targetStage({ stages, file }: Dockerfile, target: string): number {
  if (target === '') return stages.length - 1
  const named = stages.findIndex(({ name }) => name === target.toLowerCase())
  if (named >= 0) return named
  if (/^\d{1,4}$/.test(target) && Number(target) < stages.length) return Number(target)
  const names = stages.flatMap(({ name }) => (name === null ? [] : [name]))
  const guess = nearest(target, names)
  const known = names.length === 0 ? 'No stage has a name.' : `Its stages are ${names.join(', ')}.`
  throw new SandpiperError('SP_BUILD_TARGET', `${file} has no stage ${JSON.stringify(target)}`, {
    hint: guess === undefined ? known : `Did you mean ${guess}?`,
  })
}

function expandGlobal(text: string, scope: BuildScope): string {
  return expand(text, { state: { ...initialState({}), args: scope.globals }, scope })
}

function stageNamed({ stages }: Dockerfile, name: string, before: number): Origin | null {
  const wanted = name.toLowerCase()
  const index = stages.slice(0, before).findLastIndex((stage) => stage.name === wanted)
  return index < 0 ? null : { kind: 'stage', index }
}
