import { paramInvalid } from './errors.js'

/** Parameters of one build, and code units of the value of each. */
export const PARAMS_MAX = 100
export const PARAM_VALUE_MAX = 4_096
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/
/** What we tell steps ourselves: nobody who starts a build is to change that. */
const RESERVED = /^(?:CI|(?:CI|DRONE|SANDPIPER)_.*)$/i

/**
 * Checks the parameters of a build, which become variables of its steps.
 * @throws SandpiperError SP_BUILD_PARAM_INVALID
 */
export function checkParams(params: Readonly<Record<string, string>>): void {
  const entries = Object.entries(params)
  if (entries.length > PARAMS_MAX) {
    throw paramInvalid(entries[PARAMS_MAX]?.[0] ?? '', `is one of more than ${PARAMS_MAX}`)
  }
  for (const [name, value] of entries) {
    if (!NAME.test(name)) throw paramInvalid(name, 'is no name of a variable')
    if (RESERVED.test(name)) throw paramInvalid(name, 'is a name that Sandpiper itself sets')
    if (value.length > PARAM_VALUE_MAX) {
      throw paramInvalid(name, `is longer than ${PARAM_VALUE_MAX} characters`)
    }
    if (value.includes('\0')) throw paramInvalid(name, 'has a NUL in it')
  }
}
