import type { DialectDocument } from '../convert/convert-documents.js'
import { quote } from '../diagnostics/quote.js'
import type { Reporter, Span } from '../diagnostics/reporter.js'
import type { BuildEvent } from '../event.js'
import { expressionEffort } from '../expressions/values.js'
import { PARAMETERS_MAX, PARAMETERS_TEXT_MAX } from '../limits.js'
import { resolveParameters } from '../parameters/resolve-parameters.js'
import { isNull } from '../parse/tree.js'
import type { ParameterPlan } from '../plan.js'
import { type DeclaredParameter, decodeParameters } from '../schema/parameters-shape.js'

export interface BuildParameters {
  readonly declared: readonly ParameterPlan[]
  /** With the values as steps get them. */
  readonly event: BuildEvent
}

/**
 * The parameters that the pipelines of a build declare, which are the build's: every pipeline sees the values of all.
 * Those that were given are checked, and the defaults of the others put in. Problems are reported.
 */
export function buildParameters(
  documents: readonly DialectDocument[],
  event: BuildEvent,
  reporter: Reporter,
): BuildParameters {
  const { declared, first } = declaredIn(documents, reporter)
  const plans = [...declared.values()].map(({ plan }) => plan)
  if (first === undefined || plans.length === 0) return { declared: [], event }
  if (plans.length > PARAMETERS_MAX || JSON.stringify(plans).length > PARAMETERS_TEXT_MAX) {
    const limits = `${PARAMETERS_MAX}, or takes more than ${PARAMETERS_TEXT_MAX} characters for them`
    const message = `the build has more parameters than ${limits}`
    reporter.error('SP_PIPELINE_TOO_LARGE', first, message)
    return { declared: [], event }
  }
  const { values, problems } = resolveParameters(plans, event)
  for (const { name, message, hint } of problems) {
    const span = declared.get(name)?.span ?? first
    reporter.error('SP_PIPELINE_PARAMETER', span, message, hint)
  }
  return { declared: plans, event: { ...event, params: values } }
}

/** All declarations by name, and the place of the first key `parameters`. */
function declaredIn(
  documents: readonly DialectDocument[],
  reporter: Reporter,
): { readonly declared: ReadonlyMap<string, DeclaredParameter>; readonly first?: Span } {
  const declared = new Map<string, DeclaredParameter>()
  const effort = expressionEffort()
  let first: Span | undefined
  for (const { document, dialect } of documents) {
    const { root } = document
    const entry = root.kind === 'map' ? root.entries.get('parameters') : undefined
    if (entry === undefined || isNull(entry.value) || !isPipeline(document)) continue
    first ??= entry.keySpan
    for (const one of decodeParameters(entry.value, { reporter, dialect, effort })) {
      const other = declared.get(one.plan.name)
      if (other === undefined) declared.set(one.plan.name, one)
      else reportTwice(one, other, reporter)
    }
  }
  return { declared, ...(first === undefined ? {} : { first }) }
}

function isPipeline({ root }: DialectDocument['document']): boolean {
  const kind = root.kind === 'map' ? root.entries.get('kind')?.value : undefined
  return kind?.kind !== 'scalar' || isNull(kind) || kind.text === 'pipeline'
}

function reportTwice(
  { plan: { name }, span }: DeclaredParameter,
  other: DeclaredParameter,
  reporter: Reporter,
): void {
  const { file, line, column } = reporter.place(other.span.start)
  const message = `the parameter ${quote(name)} is declared at ${file}:${line}:${column} already`
  const hint = 'all pipelines of the build see it: keep one of the two'
  reporter.error('SP_PIPELINE_DUPLICATE_NAME', span, message, hint)
}
