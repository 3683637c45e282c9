import type { SandboxStep } from '../../pipelines/plan.js'
import { canMask } from '../secrets/mask/patterns.js'
import type { GivenSecrets } from '../secrets/stage-secrets.js'

/** The variables of a step that are secrets, as far as their values are known. */
export interface SecretVariables {
  readonly values: Readonly<Record<string, string>>
  /** One line for the step's log for each that has no value, or one that can't be masked. */
  readonly warnings: readonly string[]
}

/** A step runs without what it may not have: only it knows whether it can. */
export function secretVariables(
  step: Pick<SandboxStep, 'secrets'>,
  given: GivenSecrets,
): SecretVariables {
  const values: Record<string, string> = {}
  const warnings: string[] = []
  for (const [variable, name] of Object.entries(step.secrets ?? {})) {
    const value = given.values.get(name)
    if (value === undefined) {
      warnings.push(`${absence(name, given)}; the variable ${variable} is not set`)
      continue
    }
    values[variable] = value
    if (!canMask(value)) warnings.push(`secret ${name} is too short to be masked in logs`)
  }
  return { values, warnings }
}

/** Why there is no such secret, in words. */
export function absence(name: string, given: GivenSecrets): string {
  const reason = given.missing.get(name)
  return reason === undefined ? `there is no secret ${name}` : `no secret ${name} here: ${reason}`
}
