import { DRONE_NAMES } from './names/drone-names.js'
import { ABSENT_NAMES, OWN_NAMES } from './names/other-names.js'
import type { Variable } from './names/variable.js'
import { WOODPECKER_NAMES } from './names/woodpecker-names.js'

export type { Variable } from './names/variable.js'

/**
 * Every variable that Drone and Woodpecker give to steps, and ours: what it holds and when it is set.
 * The documentation and the warnings about unknown names are made of this table.
 */
export const VARIABLES: readonly Variable[] = [
  ...DRONE_NAMES,
  ...WOODPECKER_NAMES,
  ...OWN_NAMES,
  ...ABSENT_NAMES,
]

const BY_NAME: ReadonlyMap<string, Variable> = new Map(VARIABLES.map((one) => [one.name, one]))

/** What is known about a name; undefined when neither Drone nor Woodpecker nor Sandpiper has it. */
export function variableNamed(name: string): Variable | undefined {
  return BY_NAME.get(name)
}
