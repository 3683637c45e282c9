import { didYouMean } from '../diagnostics/did-you-mean.js'
import { quote } from '../diagnostics/quote.js'
import type { BuildEventName } from '../event.js'
import { expressionEffort } from '../expressions/values.js'
import type { ParameterPlan } from '../plan.js'
import { fitValue } from './fit-value.js'

export type Parameters = Readonly<Record<string, string>>

/** One parameter that can't be taken. */
export interface ParameterProblem {
  readonly name: string
  /** Names the parameter, what was given, and what is allowed. */
  readonly message: string
  /** What to do about it. */
  readonly hint: string
}

export interface ResolvedParameters {
  /** As steps get them: those given, and the defaults of those that are not. */
  readonly values: Parameters
  readonly problems: readonly ParameterProblem[]
}

/** What a build is started with, and by what. */
export interface GivenParameters {
  readonly event: BuildEventName
  readonly params: Parameters
}

/**
 * Checks the parameters of a build against what its files declare. Where nothing is declared, anything is taken.
 * An empty value is none. Whether a required one is there is asked only where somebody could have given it.
 */
export function resolveParameters(
  declared: readonly ParameterPlan[],
  { event, params }: GivenParameters,
): ResolvedParameters {
  if (declared.length === 0) return { values: params, problems: [] }
  const known = new Map(declared.map((one) => [one.name, one]))
  const values = new Map<string, string>()
  const problems = Object.keys(params).flatMap((name) =>
    known.has(name) ? [] : [unknownParameter(name, [...known.keys()])],
  )
  const effort = expressionEffort()
  for (const one of declared) {
    const given = (Object.hasOwn(params, one.name) ? params[one.name] : undefined) ?? ''
    if (given === '') {
      if (one.default !== undefined) values.set(one.name, one.default)
      else if (one.required === true && BY_HAND.includes(event)) problems.push(missing(one))
      continue
    }
    const fitted = fitValue(one, given, effort)
    if (fitted.value !== undefined) values.set(one.name, fitted.value)
    else problems.push(misfit(one, given, fitted))
  }
  return { values: Object.fromEntries(values), problems }
}

/** Events in which whoever starts the build gives its parameters. */
const BY_HAND: readonly BuildEventName[] = ['custom', 'promote', 'rollback']

function unknownParameter(name: string, known: readonly string[]): ParameterProblem {
  const listed = known.map(quote).join(', ')
  return {
    name,
    message: `the pipeline file declares no parameter ${quote(name)}`,
    hint: didYouMean(name, known) ?? `it declares ${listed}`,
  }
}

function missing({ name, type, description }: ParameterPlan): ParameterProblem {
  const about = description === undefined ? `a ${type}` : `a ${type}: ${description}`
  return {
    name,
    message: `the parameter ${quote(name)} is required, and was not given`,
    hint: `give ${name}=VALUE, ${about}`,
  }
}

function misfit(
  { name }: ParameterPlan,
  given: string,
  { problem, hint }: { readonly problem: string; readonly hint?: string | undefined },
): ParameterProblem {
  return {
    name,
    message: `the parameter ${quote(name)} is ${quote(given)}, but it ${problem}`,
    hint: hint ?? `give another value for ${name}`,
  }
}
