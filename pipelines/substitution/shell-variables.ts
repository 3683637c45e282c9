import { SUBSTITUTED_LENGTH_MAX, VARIABLE_LENGTH_MAX } from '../limits.js'
import { type SubstitutionBudget, spend } from './budget.js'

/** Values that reach commands as variables, because their text can't be trusted in a shell. */
export interface ShellVariables {
  /**
   * @returns what to write in the command in place of the value; undefined when a stage can't have as
   * much text in variables
   */
  refer(value: string): string | undefined
  readonly environment: Readonly<Record<string, string>>
}

/** How the names of these variables start; nobody else may set one. */
export const SUBSTITUTED_PREFIX = 'SANDPIPER_SUBST_'

/** Starts a stage's variables; the same value twice is one variable. */
export function createShellVariables(budget: SubstitutionBudget): ShellVariables {
  const names = new Map<string, string>()
  const environment: Record<string, string> = {}
  let length = 0
  const add = (value: string): string | undefined => {
    const name = `${SUBSTITUTED_PREFIX}${names.size + 1}`
    length += name.length + value.length
    if (length > SUBSTITUTED_LENGTH_MAX) return undefined
    // What is not there in the budget is told of when the document is done.
    spend(budget, { text: name.length + value.length })
    names.set(value, name)
    environment[name] = value
    return name
  }
  return {
    refer(whole) {
      const value = whole.slice(0, VARIABLE_LENGTH_MAX)
      const name = names.get(value) ?? add(value)
      return name === undefined ? undefined : `\${${name}}`
    },
    environment,
  }
}

/**
 * Whether a text means itself to every shell, wherever it is put. A `-` at the start is no concern of
 * the shell's: the program sees it whether it comes from a variable or not. `=` would make an assignment
 * of what stands where a command is expected, `~` a home directory.
 */
export function isPlainToShells(value: string): boolean {
  return /^[A-Za-z0-9_./:@%+,-]*$/.test(value)
}
