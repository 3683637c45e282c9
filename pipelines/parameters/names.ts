/** Why nobody who starts a build may set a variable of this name, in words that follow it; empty when they may. */
export function parameterNameProblem(name: string): string {
  if (!NAME.test(name)) return 'is no name of a variable'
  return isReservedName(name) ? 'is a name that Sandpiper itself sets' : ''
}

/** Whether no parameter can have the name, since Sandpiper itself sets such variables. */
export function isReservedName(name: string): boolean {
  return RESERVED.test(name)
}

/** Source of a regular expression for what a name looks like. */
export const PARAMETER_NAME_PATTERN = '^[A-Za-z_][A-Za-z0-9_]{0,127}$'

/** What to write instead of a name that can't be taken. */
export const PARAMETER_NAME_HINT =
  'names are of letters, digits and underscores, and begin with none of CI, DRONE_ and SANDPIPER_'

const NAME = new RegExp(PARAMETER_NAME_PATTERN)
/** What steps are told of their build, and what plans as plain JSON objects can't hold. */
const RESERVED = /^(?:CI|(?:CI|DRONE|SANDPIPER)_.*|__proto__)$/i
