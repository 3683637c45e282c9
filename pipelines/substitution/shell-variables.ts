import { VARIABLE_LENGTH_MAX } from '../limits.js'

/** Values that reach commands as variables, because their text can't be trusted in a shell. */
export interface ShellVariables {
  /** @returns what to write in the command in place of the value */
  refer(value: string): string
  readonly environment: Readonly<Record<string, string>>
}

/** Starts a stage's variables; the same value twice is one variable. */
export function createShellVariables(): ShellVariables {
  const names = new Map<string, string>()
  const environment: Record<string, string> = {}
  return {
    refer(value) {
      const name = names.get(value) ?? `SANDPIPER_SUBST_${names.size + 1}`
      names.set(value, name)
      environment[name] = value.slice(0, VARIABLE_LENGTH_MAX)
      return `\${${name}}`
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
