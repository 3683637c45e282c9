import type { SandboxStep } from '../../pipelines/plan.js'

/** The variables of a step that are secrets, as far as their values are known. */
export interface SecretVariables {
  readonly values: Readonly<Record<string, string>>
  /** One line for the step's log for each that has no value. */
  readonly warnings: readonly string[]
}

/** @param known values by the secrets' names; a job brings none yet */
export function secretVariables(
  step: Pick<SandboxStep, 'secrets'>,
  known: ReadonlyMap<string, string> = new Map(),
): SecretVariables {
  const values: Record<string, string> = {}
  const warnings: string[] = []
  for (const [variable, name] of Object.entries(step.secrets ?? {})) {
    const value = known.get(name)
    if (value !== undefined) values[variable] = value
    else warnings.push(`there is no secret ${name}; the variable ${variable} is not set`)
  }
  return { values, warnings }
}
