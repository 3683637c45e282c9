import { PARAMETER_VALUE_MAX, PARAMETERS_MAX } from '../../pipelines/limits.js'
import { parameterNameProblem } from '../../pipelines/parameters/names.js'
import {
  type GivenParameters,
  resolveParameters,
} from '../../pipelines/parameters/resolve-parameters.js'
import type { ParameterPlan, Plan } from '../../pipelines/plan.js'
import { paramInvalid, paramsMisfit } from './errors.js'

/**
 * Checks the parameters of a build, which become variables of its steps.
 * @throws SandpiperError SP_BUILD_PARAM_INVALID
 */
export function checkParams(params: Readonly<Record<string, string>>): void {
  const entries = Object.entries(params)
  if (entries.length > PARAMETERS_MAX) {
    throw paramInvalid(entries[PARAMETERS_MAX]?.[0] ?? '', `is one of more than ${PARAMETERS_MAX}`)
  }
  for (const [name, value] of entries) {
    const problem = parameterNameProblem(name)
    if (problem !== '') throw paramInvalid(name, problem)
    if (value.length > PARAMETER_VALUE_MAX) {
      throw paramInvalid(name, `is longer than ${PARAMETER_VALUE_MAX} characters`)
    }
    if (value.includes('\0')) throw paramInvalid(name, 'has a NUL in it')
  }
}

/**
 * Checks them against what the files of a commit declare, where those have been compiled already.
 * @param planJson the plan of another build of the same commit; null when there is none
 * @throws SandpiperError SP_BUILD_PARAM_INVALID with every parameter that does not fit
 */
export function checkDeclared(planJson: string | null, given: GivenParameters): void {
  const { problems } = resolveParameters(declaredIn(planJson), given)
  if (problems.length > 0) throw paramsMisfit(problems)
}

/** The parameters that a plan's files declare. */
export function declaredIn(planJson: string | null): readonly ParameterPlan[] {
  return planJson === null ? [] : ((JSON.parse(planJson) as Plan).parameters ?? [])
}
