import type { Dialect } from '../convert/dialect.js'
import type { Reporter } from '../diagnostics/reporter.js'
import type { BuildEvent, RepoFacts } from '../event.js'
import {
  type Effort,
  type ExpressionEffort,
  expressionEffort,
  type Variables,
} from '../expressions/values.js'
import { PATHS_EFFORT_MAX } from '../limits.js'
import type { Combination } from '../matrix/expand-matrix.js'
import type { Platform } from '../plan.js'
import { createGlobMatcher, type GlobMatcher } from './glob-matcher.js'
import { conditionFacts, type Facts } from './facts.js'

/** What the conditions of all pipelines of one compilation share. */
export interface ConditionBase {
  readonly event: BuildEvent
  readonly repo: RepoFacts
  /** URL of the server; empty where there is none. */
  readonly systemLink: string
  readonly reporter: Reporter
  /** What may still be spent on changed files, and on expressions. */
  readonly matches: GlobMatcher
  readonly effort: { readonly paths: Effort; readonly expressions: ExpressionEffort }
}

/** What the conditions of one pipeline, in one combination of its matrix, are evaluated with. */
export interface ConditionContext extends ConditionBase {
  readonly facts: Facts
  /** Decides whose rules hold where tools differ. */
  readonly dialect: Dialect
  readonly combination: Combination
  readonly variables: Variables
}

/** Starts evaluating the conditions of a compilation, with fresh limits on what they may cost. */
export function conditionBase(
  input: {
    readonly event: BuildEvent
    readonly repo: RepoFacts
    readonly system?: { readonly link: string }
  },
  reporter: Reporter,
): ConditionBase {
  return {
    event: input.event,
    repo: input.repo,
    systemLink: input.system?.link ?? '',
    reporter,
    matches: createGlobMatcher(reporter),
    effort: { paths: { left: PATHS_EFFORT_MAX }, expressions: expressionEffort() },
  }
}

/** The context of one pipeline. */
export function conditionContext(
  base: ConditionBase,
  variant: {
    readonly dialect: Dialect
    readonly combination: Combination
    readonly variables: Readonly<Record<string, string>>
  },
  platform: Platform,
): ConditionContext {
  return {
    ...base,
    facts: conditionFacts(base.event, base.repo, platform, base.systemLink),
    dialect: variant.dialect,
    combination: variant.combination,
    variables: new Map(Object.entries(variant.variables)),
  }
}
