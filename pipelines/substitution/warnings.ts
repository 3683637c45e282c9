import { quote } from '../diagnostics/quote.js'
import type { Reporter } from '../diagnostics/reporter.js'
import { isSettledLater, variableNamed } from '../environment/variables.js'
import { SUBSTITUTED_LENGTH_MAX } from '../limits.js'
import type { ScalarNode } from '../parse/tree.js'
import { placeInScalar } from './place.js'
import type { Malformed, Reference } from './template.js'

/**
 * `code`: an argument that may be code. `words`: text that is split into arguments. `choice`: what
 * decides about rights, secrets or machines. `path`: a path that must stay where the file puts it.
 */
export type Guard = 'code' | 'words' | 'choice' | 'path'

/** What is known about the place of a scalar. */
export interface ScalarContext {
  /** Text that a shell reads. */
  readonly isCommand: boolean
  /** An expression of a condition. */
  readonly isExpression?: boolean
  /** What values of strangers may not be put into, or only in part. */
  readonly guard?: Guard
  /** Whether the `environment` of the step or the pipeline has the name. */
  readonly isInEnvironment: (name: string) => boolean
}

/** Tells of a `${` that starts nothing. */
export function warnMalformed(
  node: ScalarNode,
  { at, reason }: Malformed,
  { isCommand }: ScalarContext,
  reporter: Reporter,
): void {
  const left = isCommand ? 'is left to the shell' : 'stays as it is'
  const message = `\`\${\` ${reason}, so it ${left}`
  const hint = 'write `$${` to mean `${` itself; Drone refuses the whole file'
  reporter.warning('SP_PIPELINE_SUBSTITUTION', placeInScalar(node, at, 2), message, hint)
}

/** Tells of the value that makes the variables of a stage longer than any program can be given. */
export function reportTooMuch(
  node: ScalarNode,
  { source, at }: Reference,
  reporter: Reporter,
): void {
  const message =
    `the value of ${quote(source)} does not fit: all values that reach the commands of a pipeline ` +
    `through \`\${}\` may be ${SUBSTITUTED_LENGTH_MAX} characters together`
  const hint = 'use the variable itself in the command, `"$NAME"`, which takes no room'
  const place = placeInScalar(node, at, source.length)
  reporter.error('SP_PIPELINE_TOO_LARGE', place, message, hint)
}

/** Tells of a name that is not known, or not yet. Nothing is said of names that are only empty now. */
export function warnUnknown(
  node: ScalarNode,
  reference: Reference,
  context: ScalarContext,
  reporter: Reporter,
): void {
  const { name, operator, source, at } = reference
  const isDefault = operator === 'default' || operator === 'shell default'
  if (isDefault && !context.isCommand) return
  const place = placeInScalar(node, at, source.length)
  const replaced = isDefault ? 'always replaced by its default' : 'replaced by nothing'
  const message = `${quote(source)} is ${replaced}, because ${reasonOf(name)}`
  reporter.warning('SP_PIPELINE_SUBSTITUTION', place, message, hintFor(name, context))
}

function reasonOf(name: string): string {
  const variable = variableNamed(name)
  if (variable?.known === 'never') return `${quote(name)} is not set here`
  return isSettledLater(name)
    ? `${quote(name)} is known only when the step runs`
    : `${quote(name)} is not known before the step runs`
}

function hintFor(name: string, { isCommand, isInEnvironment }: ScalarContext): string | undefined {
  const variable = variableNamed(name)
  if (variable?.known === 'never') return `it is set ${variable.when}`
  if (!isCommand) {
    return isSettledLater(name)
      ? 'commands can use it'
      : `write \`$\${${name}}\` for the text itself`
  }
  const own = `write \`$${name}\` or \`$\${${name}}\` to mean the shell's own`
  return isInEnvironment(name) ? `\`environment\` sets it for the step only: ${own}` : own
}

/** Tells of a value that a shell does not put in. */
export function warnSingleQuotes(
  node: ScalarNode,
  { source, at }: Reference,
  reporter: Reporter,
): void {
  const message =
    `${quote(source)} stands between single quotes, and its value may not be put into the text of a ` +
    'command: the shell leaves it as it is'
  const hint = 'write double quotes around it'
  const place = placeInScalar(node, at, source.length)
  reporter.warning('SP_PIPELINE_SUBSTITUTION', place, message, hint)
}

/** Tells of the two ways in which a part of a value is not what bash would give. */
export function warnSlice(
  node: ScalarNode,
  { source, at }: Reference,
  result: 'whole' | 'empty',
  reporter: Reporter,
): void {
  const message =
    result === 'whole'
      ? `${quote(source)} is the whole value, because its position or length is no number`
      : `${quote(source)} is empty, because the value is not longer than that`
  const hint = result === 'whole' ? 'write `${NAME:0:8}` for the first 8 characters' : undefined
  const place = placeInScalar(node, at, source.length)
  reporter.warning('SP_PIPELINE_SUBSTITUTION', place, message, hint)
}

/** Refuses a value of a stranger where it would decide what a program does, or what it may. */
export function refuseValue(
  node: ScalarNode,
  { source, at }: Reference,
  guard: Exclude<Guard, 'words'>,
  reporter: Reporter,
): void {
  const place = placeInScalar(node, at, source.length)
  const message = `${quote(source)} ${REFUSED[guard].message}`
  reporter.error('SP_PIPELINE_SUBSTITUTION', place, message, REFUSED[guard].hint)
}

const REFUSED = {
  code: {
    message: 'has a value that could become code here: others than the author of the file chose it',
    hint: 'give it to the program by `environment`, or write `commands`',
  },
  choice: {
    message: 'can not stand here: whoever pushes, or opens a pull request, would choose it',
    hint: 'write the value itself, or take it from a `matrix`',
  },
  path: {
    message: 'has a value that leads the path elsewhere: it has `..` in it, or starts with `/`',
    hint: 'write the path itself, or begin it with a directory of its own',
  },
} as const

/** Tells of a place in a command where even a variable's value is read as code. */
export function warnHazard(
  node: ScalarNode,
  { source, at }: Reference,
  hazard: string,
  reporter: Reporter,
): void {
  const message = `${quote(source)} stands in ${quote(hazard)}, which can read its value as code`
  const hint = 'check the value before, or pass it as an argument of its own'
  const place = placeInScalar(node, at, source.length)
  reporter.warning('SP_PIPELINE_SUBSTITUTION', place, message, hint)
}
