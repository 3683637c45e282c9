import { VARIABLE_LENGTH_MAX } from '../limits.js'

/** Variables, some of which may not apply. */
export type Variables = Readonly<Record<string, string | undefined>>

/**
 * Drops what does not apply or is empty, and makes the rest fit for execve(2): no NUL, and no string
 * over its limit. The values come from strangers (messages, branch names); they are never put anywhere
 * but here. Of a name that is in several groups the last one counts, also where it says that there is no value. Groups
 * are not spread into one object before: with a hundred names that takes ten times as long.
 */
export function toEnvironment(...groups: readonly Variables[]): Record<string, string> {
  const variables = new Map<string, string | undefined>()
  for (const group of groups) {
    for (const name of Object.keys(group)) variables.set(name, group[name])
  }
  const environment: [string, string][] = []
  for (const [name, value] of variables) {
    if (value !== undefined && value !== '' && NAME.test(name)) {
      environment.push([name, fit(value)])
    }
  }
  return Object.fromEntries(environment)
}

/** Undefined for the empty string: a variable that has no value is not set. */
export function unlessEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value
}

/** Unix seconds of Unix milliseconds. */
export function seconds(milliseconds: number | undefined): string | undefined {
  return milliseconds === undefined ? undefined : String(Math.floor(milliseconds / 1000))
}

// eslint-disable-next-line no-control-regex -- names with these can't be passed on
const NAME = /^(?!__proto__$)[^=\u0000-\u0020\u007f]+$/u

function fit(value: string): string {
  return value.slice(0, VARIABLE_LENGTH_MAX).replaceAll('\0', '')
}
