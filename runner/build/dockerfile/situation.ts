import { variablesOf, type RunConfig } from '../image/oci-image.js'
import type { Place } from '../errors.js'
import { expandWord, spend, type Effort } from './expand.js'

/** What is known at one place of a stage. */
export interface StageState {
  readonly config: RunConfig
  readonly author: string | null
  /** Build arguments that are declared, with their values. */
  readonly args: ReadonlyMap<string, string>
  /** Whether CMD stands in this stage: an ENTRYPOINT takes away only that of the base. */
  readonly isCmdSet: boolean
}

/** What holds for a whole build. */
export interface BuildScope {
  readonly file: string
  readonly escape: string
  /** Arguments that were given, by name. */
  readonly given: ReadonlyMap<string, string>
  /** Those declared before the first FROM, and those about the platform. */
  readonly globals: ReadonlyMap<string, string>
  readonly effort: Effort
  /** Names of arguments that something asked for; added to here. */
  readonly used: Set<string>
}

/** What one instruction is looked at with. */
export interface Situation {
  readonly state: StageState
  readonly scope: BuildScope
  readonly place: Place
}

/** A word with its variables replaced. @throws WordError */
export function expand(word: string, { state, scope }: Pick<Situation, 'state' | 'scope'>): string {
  const { escape, effort } = scope
  if (!/[$"']/.test(word) && !word.includes(escape)) return word
  spend(effort, state.args.size + (state.config.Env?.length ?? 0))
  return expandWord(word, { escape, effort, variables: visibleVariables(state) })
}

/** Variables of the configuration win over arguments. */
export function visibleVariables({ args, config }: StageState): Map<string, string> {
  return new Map([...args, ...variablesOf(config)])
}
