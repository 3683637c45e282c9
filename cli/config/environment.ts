import { nearest } from './distance.js'
import { fileVariable } from './secret-file.js'
import { allSettings } from './settings.js'

const PREFIX = 'SANDPIPER_'

/**
 * Variables that steps of a build are given: a `sandpiper` called inside a step sees them, and they set
 * nothing. Named one by one, or a misspelt `SANDPIPER_STEP_...` would pass.
 */
const STEP_VARIABLES: ReadonlySet<string> = new Set(
  'VERSION REPO BUILD_NUMBER BUILD_LINK EVENT REF BRANCH COMMIT STAGE STEP WORKSPACE'
    .split(' ')
    .map((name) => PREFIX + name),
)

/** Complaints about variables that look like ours and aren't: a misspelt setting must not be silence. */
export function unknownVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = allSettings().flatMap(([, { env, secret }]) =>
    secret === true ? [env, fileVariable(env)] : [env],
  )
  const accepted = new Set<string>([...known, ...STEP_VARIABLES])
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !accepted.has(name))
    .sort()
    .map((name) => complaint(name, known))
}

/** The prefix that all have is no likeness. */
function complaint(name: string, known: readonly string[]): string {
  const names = known.map((candidate) => candidate.slice(PREFIX.length))
  const near = nearest(name.slice(PREFIX.length), names)
  return near === undefined
    ? `${name} is no setting, and none has a name like it`
    : `${name} is no setting: did you mean ${PREFIX}${near}?`
}
