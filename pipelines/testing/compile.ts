import { compilePipeline, type CompileResult } from '../compile/compile-pipeline.js'
import type { SourceFile } from '../diagnostic.js'
import type { BuildEvent } from '../event.js'
import type { CommandsStep, Plan, StagePlan } from '../plan.js'
import { pushInput } from './events.js'

/** A source under the usual name. */
export function fileOf(text: string, file = '.pipeline.yml'): SourceFile {
  return { file, text }
}

/** Compiles a source for a push to main. */
export function compileText(text: string, facts: Partial<BuildEvent> = {}): CompileResult {
  return compilePipeline([fileOf(text)], pushInput(facts))
}

/** Compiles a source without errors; throws with the diagnostics when there are some. */
export function planOf(source: string, facts: Partial<BuildEvent> = {}): Plan {
  const { plan, diagnostics } = compileText(source, facts)
  if (plan === null) throw new Error(JSON.stringify(diagnostics, null, 1))
  return plan
}

/** The only stage of a source. */
export function stageOf(source: string, facts: Partial<BuildEvent> = {}): StagePlan {
  const [stage, ...others] = planOf(source, facts).stages
  if (stage === undefined || others.length > 0) throw new Error('not exactly one stage')
  return stage
}

/** The steps of a stage that run commands, by name. */
export function commandsSteps(stage: StagePlan): Record<string, CommandsStep> {
  return Object.fromEntries(
    stage.steps.flatMap((step) => (step.kind === 'commands' ? [[step.name, step]] : [])),
  )
}

/** Dependencies of all steps by name. */
export function edgesOf(stage: StagePlan): Record<string, readonly string[]> {
  return Object.fromEntries(stage.steps.map((step) => [step.name, step.dependsOn]))
}

/** `line:column code message` of every diagnostic of a source. */
export function problemsOf(source: string): string[] {
  return compileText(source).diagnostics.map(
    ({ start, code, message }) => `${start.line}:${start.column} ${code} ${message}`,
  )
}

/** A file with one step per `body`; the bodies are YAML mappings in flow style, without braces. */
export function fileWithSteps(bodies: readonly string[], top = ''): string {
  const steps = bodies.map((body) => `  - {image: alpine, commands: [make], ${body}}\n`)
  return `kind: pipeline\n${top}steps:\n${steps.join('')}`
}
