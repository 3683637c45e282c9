import { convertDocuments, type DialectDocument } from '../convert/convert-documents.js'
import type { Diagnostic, SourceFile } from '../diagnostic.js'
import { quote } from '../diagnostics/quote.js'
import { createReporter, type Reporter } from '../diagnostics/reporter.js'
import type { BuildFacts, SystemFacts } from '../environment/build-environment.js'
import type { BuildEvent, RepoFacts } from '../event.js'
import { pipelineGraph } from '../graph/pipeline-graph.js'
import { stepGraph } from '../graph/step-graph.js'
import { type RepoFiles, resolveIncludes } from '../include/resolve-includes.js'
import { PLAN_TEXT_MAX, STEPS_MAX } from '../limits.js'
import { combinationsOf } from '../matrix/expand-matrix.js'
import type { KnownTexts } from '../parse/budget.js'
import { type Budget, createBudget, parseSource } from '../parse/parse-source.js'
import type { Plan, Platform } from '../plan.js'
import { allSteps } from '../schema/all-steps.js'
import type { Declaration } from '../schema/decode-declaration.js'
import { decodeDocument } from '../schema/decode-document.js'
import { substituteDocument } from '../substitution/substitute-document.js'
import { buildPlan } from './build-plan.js'
import { type BuildParameters, buildParameters } from './build-parameters.js'
import type { CheckedPipeline, Variant } from './checked-pipeline.js'
import { checkEvents } from './check-events.js'
import { checkSteps } from './check-steps.js'
import { type CompileVariables, createCompileVariables } from './compile-variables.js'
import { checkDemands } from './demands.js'
import { planDeclarations } from './plan-declarations.js'
import { planTextLength, variablesLength } from './plan-text.js'
import { checkVolumes } from './volumes.js'
import { workspacePath } from './workspace.js'

/** What pipeline files are compiled for. */
export interface CompileInput {
  readonly event: BuildEvent
  readonly repo: RepoFacts
  /** The build, for `${DRONE_BUILD_NUMBER}` and the like; absent where there is none (lint). */
  readonly build?: BuildFacts
  readonly system?: SystemFacts
  /** Platform of pipelines that name none. Default: linux/amd64. */
  readonly platform?: Platform
  /** Files of the repo at the commit that the sources may include. */
  readonly files?: RepoFiles
  /** For compiling again with the wanted files: what was read before, which is added to. */
  readonly known?: KnownTexts
}

/** `plan` is null exactly when one of the diagnostics is an error, or files are wanted. */
export interface CompileResult {
  readonly plan: Plan | null
  readonly diagnostics: readonly Diagnostic[]
  /** Everything that was compiled, included files too: what `formatDiagnostic` takes excerpts from. */
  readonly sources: readonly SourceFile[]
  /**
   * Paths of included files that are not among the `files` of the input. The caller reads them and
   * compiles again, with null for one that is not there.
   */
  readonly wanted: readonly string[]
  /** The event of the input, with its parameters as steps get them: defaults are put in. */
  readonly event: BuildEvent
}

/**
 * Compiles the pipeline files of a repo for one event. Reports all problems of the files, also in
 * pipelines and steps that the event would not run. Never throws; time and memory are bounded (see
 * limits.ts).
 * @param sources usually one; Woodpecker has a file for each pipeline
 */
export function compilePipeline(
  sources: readonly SourceFile[],
  input: CompileInput,
): CompileResult {
  const reporter = createReporter()
  const { plan, wanted, event = input.event } = guarded(sources, input, reporter)
  const included = [...(input.files ?? [])].flatMap(([file, text]) =>
    text === null ? [] : [{ file, text }],
  )
  return {
    plan: reporter.hasErrors() || wanted.length > 0 ? null : plan,
    diagnostics: wanted.length > 0 ? [] : reporter.diagnostics(),
    sources: [...sources, ...included],
    wanted,
    event,
  }
}

interface Compiled {
  readonly plan: Plan | null
  readonly wanted: readonly string[]
  readonly event?: BuildEvent
}

/** A bug of ours must not take the server down with it, nor a build be lost without a word. */
function guarded(
  sources: readonly SourceFile[],
  input: CompileInput,
  reporter: Reporter,
): Compiled {
  try {
    return compile(sources, input, reporter)
  } catch (error) {
    const message = `the compiler failed: ${quote(String(error))}`
    const hint = 'this is a bug in Sandpiper; please report it with the file'
    reporter.error('SP_PIPELINE_INTERNAL', START, message, hint)
    return { plan: null, wanted: [] }
  }
}

const START = { start: 0, end: 0 }

/** The stages of compiling, in order. */
function compile(
  sources: readonly SourceFile[],
  input: CompileInput,
  reporter: Reporter,
): Compiled {
  const budget = createBudget(input.known)
  const parsed = sources.map((source) => ({
    source,
    documents: parseSource(source, budget, reporter),
  }))
  const converted = convertDocuments(parsed, reporter)
  if (converted.length === 0 && !reporter.hasErrors()) {
    const message = `${quote(sources[0]?.file ?? '')} has no pipeline`
    reporter.error('SP_PIPELINE_EMPTY', START, message, 'start with `kind: pipeline`')
  }
  const files = input.files ?? new Map<string, string | null>()
  const { documents, wanted } = resolveIncludes(converted, { files, budget, reporter })
  // What is broken already gives no plan whatever the files hold.
  if (wanted.length > 0) return { plan: null, wanted: reporter.hasErrors() ? [] : wanted }
  const { declared, event } = buildParameters(documents, input.event, reporter)
  const plan = planDocuments(documents, { ...input, event, declared }, budget, reporter)
  const parameters = declared.length === 0 ? {} : { parameters: declared }
  return { plan: plan && { ...plan, ...parameters }, wanted: [], event }
}

function planDocuments(
  documents: readonly DialectDocument[],
  input: CompileInput & Pick<BuildParameters, 'declared'>,
  budget: Budget,
  reporter: Reporter,
): Plan | null {
  const variablesOf = createCompileVariables(input)
  const unset = Object.fromEntries(input.declared.map(({ name }) => [name, '']))
  const context = { variablesOf, unset, budget, reporter }
  const expanded = documents.map((document) => expand(document, context))
  const variants = expanded.flatMap((one) => one.variants)
  checkSize(variants, reporter)
  const graph = pipelineGraph(variants, reporter)
  const checked = variants.map((variant) => check(variant, reporter))
  if (reporter.hasErrors()) return null
  const declared = planDeclarations(expanded.flatMap((one) => one.declarations))
  return { ...buildPlan(checked, graph, input, reporter), ...declared }
}

interface ExpandContext {
  readonly variablesOf: CompileVariables
  /** Parameters that may have no value: `${}` knows them all the same. */
  readonly unset: Readonly<Record<string, string>>
  readonly budget: Budget
  readonly reporter: Reporter
}

/** The pipelines of one document, one for each combination of its matrix; or what it declares. */
function expand(
  { document, dialect }: DialectDocument,
  { variablesOf, unset, budget, reporter }: ExpandContext,
): { readonly variants: Variant[]; readonly declarations: Declaration[] } {
  const variants: Variant[] = []
  const declarations: Declaration[] = []
  const combinations = combinationsOf(document, reporter, { dialect, budget })
  const axes = new Set(combinations.flatMap((combination) => Object.keys(combination)))
  for (const combination of combinations) {
    const variables = variablesOf(document, combination, dialect)
    const { document: substituted, environment } = substituteDocument(
      document,
      { ...unset, ...variables },
      reporter,
      { fromFile: axes, budget: budget.substitution },
    )
    const { pipeline, declaration } = decodeDocument(substituted, { reporter, dialect }) ?? {}
    if (pipeline !== undefined) {
      variants.push({ pipeline, dialect, combination, variables, environment })
    }
    if (declaration !== undefined) declarations.push(declaration)
  }
  return { variants, declarations }
}

function check(variant: Variant, reporter: Reporter): CheckedPipeline {
  const { pipeline, dialect } = variant
  checkSteps(pipeline, dialect, reporter)
  checkVolumes(pipeline, reporter)
  checkDemands(pipeline, reporter)
  checkEvents(pipeline, reporter)
  return {
    ...variant,
    graph: stepGraph(pipeline, reporter),
    workspace: workspacePath(pipeline, dialect, reporter),
  }
}

function checkSize(variants: readonly Variant[], reporter: Reporter): void {
  let steps = 0
  let text = 0
  for (const { pipeline, environment } of variants) {
    steps += allSteps(pipeline).length
    text += planTextLength(pipeline) + variablesLength(environment)
    if (steps > STEPS_MAX) {
      const message = `the file has more than ${STEPS_MAX} steps`
      reporter.error('SP_PIPELINE_TOO_LARGE', pipeline.node.span, message)
      return
    }
    if (text > PLAN_TEXT_MAX) {
      const message = `commands and variables of all steps are longer than ${PLAN_TEXT_MAX}`
      reporter.error('SP_PIPELINE_TOO_LARGE', pipeline.node.span, message)
      return
    }
  }
}
