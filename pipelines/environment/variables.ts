import { DRONE_NAMES } from './names/drone-names.js'
import { isReservedName } from '../parameters/names.js'
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

/** Whether a variable of a build can be none of its parameters: no pipeline, and nobody who starts a build, sets it. */
export function isOwnVariable(name: string): boolean {
  return isReservedName(name) || variableNamed(name)?.known === 'build'
}

/**
 * Whether a variable may have another value when a step runs than when the build is compiled: how things
 * stand, and when they started.
 */
export function isSettledLater(name: string): boolean {
  return LATER.has(name) || variableNamed(name)?.known === 'step'
}

const LATER: ReadonlySet<string> = new Set([
  'DRONE_BUILD_STATUS',
  'DRONE_BUILD_STARTED',
  'DRONE_BUILD_FINISHED',
  'DRONE_FAILED_STAGES',
  'CI_BUILD_STATUS',
  'CI_BUILD_STARTED',
  'CI_BUILD_FINISHED',
  'CI_PIPELINE_STATUS',
  'CI_PIPELINE_STARTED',
])
