import type { Diagnostic } from '../diagnostic.js'
import { quote } from '../diagnostics/quote.js'
import { createReporter, type Reporter } from '../diagnostics/reporter.js'
import type { BuildEvent, RepoFacts } from '../event.js'
import { pipelineGraph } from '../graph/pipeline-graph.js'
import { stepGraph } from '../graph/step-graph.js'
import { PLAN_TEXT_MAX, STEPS_MAX } from '../limits.js'
import { parseSource } from '../parse/parse-source.js'
import type { Plan } from '../plan.js'
import { decodeDocument } from '../schema/decode-document.js'
import type { DecodedPipeline } from '../schema/pipeline-shape.js'
import { buildPlan, type CheckedPipeline, type Platform } from './build-plan.js'
import { planTextLength } from './plan-text.js'
import { workspacePath } from './workspace.js'

/** What a pipeline file is compiled for. */
export interface CompileInput {
  readonly event: BuildEvent
  readonly repo: RepoFacts
  /** Name of the file, for messages about it as a whole. Default: `.pipeline.yml`. */
  readonly file?: string
  /** Platform of pipelines. Default: linux/amd64. */
  readonly platform?: Platform
}

/** `plan` is null exactly when one of the diagnostics is an error. */
export interface CompileResult {
  readonly plan: Plan | null
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Compiles a pipeline file for one event. Reports all problems of the file, also in pipelines and
 * steps that the event would not run. Never throws; time and memory are bounded (see limits.ts).
 */
export function compilePipeline(source: string, input: CompileInput): CompileResult {
  const reporter = createReporter(source)
  const plan = guarded(source, input, reporter)
  return { plan: reporter.hasErrors() ? null : plan, diagnostics: reporter.diagnostics() }
}

/** A bug of ours must not take the server down with it, nor a build be lost without a word. */
function guarded(source: string, input: CompileInput, reporter: Reporter): Plan | null {
  try {
    return compile(source, input, reporter)
  } catch (error) {
    const message = `the compiler failed: ${quote(String(error))}`
    const hint = 'this is a bug in Sandpiper; please report it with the file'
    reporter.error('SP_PIPELINE_INTERNAL', START, message, hint)
    return null
  }
}

const START = { start: 0, end: 0 }

/**
 * The stages of compiling, in order. Substitution of `${VAR}` will have its place between parsing
 * and decoding: it works on parsed scalars, never on the text.
 */
function compile(source: string, input: CompileInput, reporter: Reporter): Plan | null {
  const documents = parseSource(source, reporter)
  const pipelines = documents.flatMap((document) => decodeDocument(document, { reporter }) ?? [])
  if (documents.length === 0 && !reporter.hasErrors()) {
    const message = `${quote(input.file ?? '.pipeline.yml')} has no pipeline`
    reporter.error('SP_PIPELINE_EMPTY', START, message, 'start with `kind: pipeline`')
  }
  checkSize(pipelines, reporter)
  const graph = pipelineGraph(pipelines, reporter)
  const checked = pipelines.map((pipeline) => check(pipeline, reporter))
  return reporter.hasErrors() ? null : buildPlan(checked, graph, input, reporter)
}

function check(pipeline: DecodedPipeline, reporter: Reporter): CheckedPipeline {
  return {
    pipeline,
    graph: stepGraph(pipeline, reporter),
    workspace: workspacePath(pipeline, reporter),
  }
}

function checkSize(pipelines: readonly DecodedPipeline[], reporter: Reporter): void {
  let steps = 0
  let text = 0
  for (const pipeline of pipelines) {
    steps += pipeline.steps?.items.length ?? 0
    text += planTextLength(pipeline)
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
