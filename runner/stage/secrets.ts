import type { SandboxStep, TextPart } from '../../pipelines/plan.js'
import { canMask } from '../secrets/mask/patterns.js'
import type { GivenSecrets } from '../secrets/stage-secrets.js'

/** Length in UTF-16 code units of a variable with secrets in it: Linux takes no longer ones. */
const TEXT_LENGTH_MAX = 128 * 1024

/** The variables of a step that are secrets, as far as their values are known. */
export interface SecretVariables {
  readonly values: Readonly<Record<string, string>>
  /** One line for the step's log for each that has no value, or one that can't be masked. */
  readonly warnings: readonly string[]
}

/** A step runs without what it may not have: only it knows whether it can. */
export function secretVariables(
  step: Pick<SandboxStep, 'secrets' | 'secretTexts'>,
  given: GivenSecrets,
): SecretVariables {
  const values: Record<string, string> = {}
  const warnings: string[] = []
  for (const [variable, parts] of variablesOf(step)) {
    const names = [...new Set(parts.flatMap(({ secret }) => secret ?? []))]
    const lacking = names.find((name) => !given.values.has(name))
    const value = lacking === undefined ? textOf(parts, given) : undefined
    if (value === undefined) {
      const why = lacking === undefined ? 'its secrets are too long' : absence(lacking, given)
      warnings.push(`${why}; the variable ${variable} is not set`)
      continue
    }
    values[variable] = value
    for (const name of names) {
      if (canMask(given.values.get(name) ?? '')) continue
      warnings.push(`secret ${name} is too short to be masked in logs`)
    }
  }
  return { values, warnings }
}

function variablesOf({
  secrets = {},
  secretTexts = {},
}: Pick<SandboxStep, 'secrets' | 'secretTexts'>): readonly (readonly [
  string,
  readonly TextPart[],
])[] {
  const whole = Object.entries(secrets).map(
    ([variable, secret]) => [variable, [{ secret }]] as const,
  )
  return [...whole, ...Object.entries(secretTexts)]
}

/** Undefined when it is too long: a file can name a long secret many times. */
function textOf(parts: readonly TextPart[], { values }: GivenSecrets): string | undefined {
  if (parts.length === 1 && parts[0]?.secret !== undefined) return values.get(parts[0].secret)
  let text = ''
  for (const part of parts) {
    if (part.secret === undefined) text += part.text
    else {
      const value = values.get(part.secret) ?? ''
      text += part.json === true ? JSON.stringify(value) : value
    }
    if (text.length > TEXT_LENGTH_MAX) return undefined
  }
  return text
}

/** Why there is no such secret, in words. */
export function absence(name: string, given: GivenSecrets): string {
  const reason = given.missing.get(name)
  return reason === undefined ? `there is no secret ${name}` : `no secret ${name} here: ${reason}`
}
