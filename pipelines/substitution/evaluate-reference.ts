import { applyOperator } from './apply-operator.js'
import { type SubstitutionBudget, spend } from './budget.js'
import type { Part, Reference } from './template.js'

/** What `${}` can name. */
export interface Scope {
  readonly variables: Readonly<Record<string, string>>
  /** Names of those whose values stand in the file itself. */
  readonly fromFile: ReadonlySet<string>
  readonly budget: SubstitutionBudget
  /** What references have come to, by how they are written: one document asks for the same ones often. */
  readonly known: Map<string, Value>
  /** Called for each reference that is looked up. */
  onName?(reference: Reference): void
}

/** A value, and whether nobody but the author of the file had a say in it. */
export interface Value {
  readonly text: string
  readonly isFromFile: boolean
}

/** What looking a name up costs, measured in looks at characters. */
const LOOKUP = 20

const NOTHING: Value = { text: '', isFromFile: true }

/** The value of a reference; an unknown variable is empty. When the budget is spent, nothing. */
export function evaluateReference(reference: Reference, scope: Scope): Value {
  const known = scope.known.get(reference.source)
  if (known === undefined) {
    const value = evaluate(reference, scope)
    scope.known.set(reference.source, value)
    return value
  }
  tellNames(reference, scope)
  return spend(scope.budget, { work: reference.source.length + LOOKUP }) ? known : NOTHING
}

function tellNames(reference: Reference, scope: Scope): void {
  scope.onName?.(reference)
  for (const part of reference.args.flat()) if (typeof part !== 'string') tellNames(part, scope)
}

function evaluate(reference: Reference, scope: Scope): Value {
  const { name, operator, args, source } = reference
  scope.onName?.(reference)
  const value = Object.hasOwn(scope.variables, name) ? (scope.variables[name] ?? '') : ''
  if (!spend(scope.budget, { work: value.length + source.length + LOOKUP })) return NOTHING
  const given = args.map((parts) => evaluateParts(parts, scope))
  const text = applyOperator(
    operator,
    value,
    given.map((argument) => argument.text),
    {
      text: (length) => spend(scope.budget, { text: length }),
      work: (looks) => spend(scope.budget, { work: looks }),
    },
  )
  const isOwn = value === '' || scope.fromFile.has(name)
  return { text, isFromFile: isOwn && given.every((argument) => argument.isFromFile) }
}

/** The value of an argument. */
function evaluateParts(parts: readonly Part[], scope: Scope): Value {
  const values = parts.map((part) =>
    typeof part === 'string' ? { text: part, isFromFile: true } : evaluateReference(part, scope),
  )
  const length = values.reduce((sum, { text }) => sum + text.length, 0)
  if (!spend(scope.budget, { text: length })) return NOTHING
  return {
    text: values.map(({ text }) => text).join(''),
    isFromFile: values.every(({ isFromFile }) => isFromFile),
  }
}
