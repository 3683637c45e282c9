import type { Reporter } from '../diagnostics/reporter.js'
import { isSettledLater, variableNamed } from '../environment/variables.js'
import { plainValue } from '../parse/plain-scalar.js'
import type { ScalarNode } from '../parse/tree.js'
import { isSpent, spend } from './budget.js'
import { ExpressionQuotes } from './expression-quotes.js'
import { evaluateReference, type Scope } from './evaluate-reference.js'
import { parseTemplate } from './parse-template.js'
import { ShellQuotes } from './shell-quotes.js'
import { hazardOf } from './hazards.js'
import { isFreeText } from './free-text.js'
import { isPlainToShells, type ShellVariables } from './shell-variables.js'
import type { Part, Reference } from './template.js'
import {
  type Guard,
  type ScalarContext,
  refuseValue,
  reportTooMuch,
  warnHazard,
  warnMalformed,
  warnSingleQuotes,
  warnSlice,
  warnUnknown,
} from './warnings.js'

/** What substituting in a document works with. */
export interface SubstitutionContext {
  readonly scope: Scope
  readonly shell: ShellVariables
  readonly reporter: Reporter
}

/** The scalar with every `${}` replaced; itself when there is none, or the budget is spent. */
export function substituteScalar(
  node: ScalarNode,
  place: ScalarContext,
  context: SubstitutionContext,
): ScalarNode {
  const { scope, reporter } = context
  if (!node.text.includes('$') || isSpent(scope.budget)) return node
  if (!spend(scope.budget, { work: node.text.length })) return node
  const { parts, malformed } = parseTemplate(node.text)
  for (const one of malformed) warnMalformed(node, one, place, reporter)
  const told = { ...context, scope: withWarnings(node, place, context) }
  const text = textIn(place)(node, parts, told)
  if (text === node.text || !spend(scope.budget, { text: text.length })) return node
  const value = node.plain === true && !place.isCommand ? readAgain(text) : text
  return { ...node, value, text: value === null ? '' : text }
}

/** What a plain scalar means with the values in it; YAML drops the blanks around it. */
function readAgain(text: string): ScalarNode['value'] {
  const value = plainValue(text.trim())
  return typeof value === 'string' ? text : value
}

function textIn({ isCommand, isExpression, guard }: ScalarContext): typeof plainText {
  if (guard !== undefined) return guardedText(guard)
  if (isCommand) return commandText
  return isExpression === true ? expressionText : plainText
}

/** An expression: a value from outside is text in it, never a part of it. */
function expressionText(
  node: ScalarNode,
  parts: readonly Part[],
  { scope, reporter }: SubstitutionContext,
): string {
  const quotes = new ExpressionQuotes()
  const written = parts.map((part) => {
    const value = typeof part === 'string' ? undefined : valueOf(node, part, scope, reporter)
    const text = value === undefined || value.isFromFile ? undefined : quotes.written(value.text)
    const inserted = text ?? value?.text ?? (part as string)
    if (text === undefined) quotes.read(inserted)
    return inserted
  })
  return written.join('')
}

function plainText(
  node: ScalarNode,
  parts: readonly Part[],
  { scope, reporter }: SubstitutionContext,
): string {
  return parts
    .map((part) => (typeof part === 'string' ? part : valueOf(node, part, scope, reporter).text))
    .join('')
}

/** A place that values of strangers may not be put into as they are. */
function guardedText(guard: Guard): typeof plainText {
  return (node, parts, { scope, reporter }) => {
    const quotes = new ShellQuotes()
    let written = ''
    for (const part of parts) {
      const { text, isFromFile } =
        typeof part === 'string'
          ? { text: part, isFromFile: true }
          : valueOf(node, part, scope, reporter)
      const added = isFromFile || guard !== 'words' ? text : asWord(text, quotes)
      quotes.read(added)
      if (typeof part !== 'string' && guard !== 'words') {
        const isRefused =
          guard === 'choice'
            ? isFreeText(part, scope, isKnownLater)
            : !isFromFile && isDangerous[guard](text, written)
        if (isRefused) refuseValue(node, part, guard, reporter)
      }
      written += added
    }
    return written
  }
}

/** So that splitting leaves it one word, whatever is in it. */
function asWord(value: string, quotes: ShellQuotes): string {
  if (quotes.isInSingleQuotes) return value.replaceAll("'", "'\\''")
  return value.replace(/[\s\\"']/g, '\\$&')
}

const isDangerous = {
  /** A `-` at the start may be an option that makes code of what comes after it. */
  code: (value: string) => !isPlainToShells(value) || value.startsWith('-'),
  path: (value: string, before: string) =>
    (before === '' && /^[/\\]/.test(value)) || value.includes('..') || isDots(value, before),
}

/** Half of a `..` whose other half stands in the file. */
function isDots(value: string, before: string): boolean {
  return /^\.(?:\/|$)/.test(value) && before.endsWith('.')
}

function isKnownLater(name: string): boolean {
  return variableNamed(name)?.known === 'build'
}

/**
 * A command: what comes from outside and is not plain to every shell stays out of its text, and reaches
 * it as a variable.
 */
function commandText(
  node: ScalarNode,
  parts: readonly Part[],
  { scope, shell, reporter }: SubstitutionContext,
): string {
  const quotes = new ShellQuotes()
  const written = parts.map((part) => {
    if (typeof part === 'string') {
      quotes.read(part)
      return part
    }
    if (isForShell(part)) return part.source
    if (isFreeText(part, scope, isKnownLater)) {
      const hazard = hazardOf(
        node.text.slice(Math.max(0, part.at - 300), part.at),
        node.text.slice(part.at + part.source.length, part.at + part.source.length + 300),
      )
      if (hazard !== undefined) warnHazard(node, part, hazard, reporter)
    }
    const { text, isFromFile } = valueOf(node, part, scope, reporter)
    if (isFromFile || isPlainToShells(text)) {
      quotes.read(text)
      return text
    }
    if (quotes.isInSingleQuotes) warnSingleQuotes(node, part, reporter)
    const written = shell.refer(text)
    if (written === undefined) reportTooMuch(node, part, reporter)
    return written ?? ''
  })
  return written.join('')
}

/** What the shell itself knows better than we do now. */
function isForShell({ name, operator }: Reference): boolean {
  return operator === 'shell default' || (operator === '' && isSettledLater(name))
}

function valueOf(
  node: ScalarNode,
  reference: Reference,
  scope: Scope,
  reporter: Reporter,
): { readonly text: string; readonly isFromFile: boolean } {
  const value = evaluateReference(reference, scope)
  const whole = reference.operator === 'slice' ? scope.variables[reference.name] : undefined
  if (whole !== undefined && whole !== '' && !isSpent(scope.budget)) {
    if (value.text === '' && reference.args.length > 1)
      warnSlice(node, reference, 'empty', reporter)
    if (value.text === whole && !isNumber(reference)) warnSlice(node, reference, 'whole', reporter)
  }
  return value
}

function isNumber({ args }: Reference): boolean {
  return args.every((parts) => parts.every((part) => typeof part !== 'string' || DIGITS.test(part)))
}

const DIGITS = /^[+-]?\d+$/

/** The scope, told of every name that is looked up in this scalar, once of each way to write it. */
function withWarnings(
  node: ScalarNode,
  place: ScalarContext,
  { scope, reporter }: SubstitutionContext,
): Scope {
  const told = new Set<string>()
  return {
    ...scope,
    onName(reference) {
      const { name, source } = reference
      if (told.has(source)) return
      told.add(source)
      if (Object.hasOwn(scope.variables, name) || scope.fromFile.has(name)) return
      if (variableNamed(name)?.known === 'build') return
      warnUnknown(node, reference, place, reporter)
    },
  }
}
