import { type ConditionBase, conditionBase, conditionContext } from '../conditions/context.js'
import { evaluateTrigger } from '../conditions/evaluate.js'
import type { Reporter } from '../diagnostics/reporter.js'
import type { BuildEvent, RepoFacts } from '../event.js'
import { type Dependencies, keepNodes } from '../graph/keep.js'
import { stageNames } from '../graph/stage-names.js'
import { EDGES_MAX } from '../limits.js'
import type { Plan, Platform, SandboxStep, StagePlan, StepPlan } from '../plan.js'
import type { CheckedPipeline } from './checked-pipeline.js'
import { demandsOf } from './demands.js'
import { textsOf } from './plan-step.js'
import { clonePlan, platformOf, stageSettings } from './plan-stage.js'
import { planSteps } from './steps.js'
import { workspaceVariables } from './compile-variables.js'
import { usedVolumes } from './volumes.js'

const DEFAULT_PLATFORM: Platform = { os: 'linux', arch: 'amd64' }

/** Decides what the event runs and writes the plan of it. Only graphs that are too large are reported. */
export function buildPlan(
  pipelines: readonly CheckedPipeline[],
  graph: Dependencies,
  input: {
    readonly event: BuildEvent
    readonly repo: RepoFacts
    readonly system?: { readonly link: string }
    readonly platform?: Platform
  },
  reporter: Reporter,
): Plan {
  const base = conditionBase(input, reporter)
  const platform = input.platform ?? DEFAULT_PLATFORM
  const stages = new Map<string, Omit<StagePlan, 'dependsOn'>>()
  const skipped: { name: string; reason: string }[] = []
  const names = stageNames(pipelines)
  pipelines.forEach((checked, index) => {
    const name = names[index] ?? ''
    const stage = planStage(checked, name, base, platform)
    if ('reason' in stage) skipped.push({ name, reason: stage.reason })
    else stages.set(name, stage)
  })
  const kept = keepNodes(graph, (name) => stages.has(name))
  if (kept === undefined) reportTooManyEdges(pipelines[0], reporter)
  return {
    stages: [...stages].map(([name, stage]) => ({ ...stage, dependsOn: kept?.get(name) ?? [] })),
    skipped,
  }
}

function planStage(
  checked: CheckedPipeline,
  name: string,
  base: ConditionBase,
  fallback: Platform,
): Omit<StagePlan, 'dependsOn'> | { readonly reason: string } {
  const { pipeline, graph, workspace } = checked
  const platform = platformOf(pipeline, fallback)
  const context = conditionContext(base, checked, platform)
  const verdict = evaluateTrigger(pipeline.trigger, context)
  if (!verdict.holds) return { reason: verdict.reason }
  const planned = planSteps({ pipeline, graph, workspace, context })
  const { steps = [], running, leftOut } = planned
  if (planned.steps === undefined) reportTooManyEdges(checked, base.reporter)
  else if (steps.every(isService)) return { reason: 'none of its steps runs for this event' }
  const demands = demandsOf(pipeline, running, base.reporter)
  return {
    kind: 'pipeline',
    type: pipeline.type?.value ?? 'docker',
    name,
    platform,
    ...stageSettings(pipeline, name),
    runOn: verdict.runOn,
    clone: clonePlan(pipeline),
    workspace,
    ...sharedPlan(checked, sandboxSteps(steps)),
    steps,
    ...(leftOut.length === 0 ? {} : { leftOut }),
    ...(Object.keys(checked.combination).length === 0 ? {} : { matrix: checked.combination }),
    ...(demands.length === 0 ? {} : { demands }),
    ...(checked.dialect === 'woodpecker' ? { dialect: checked.dialect } : {}),
  }
}

/** What the steps of a stage share. */
function sharedPlan(
  { pipeline, combination, workspace, environment: substituted, variables }: CheckedPipeline,
  steps: readonly SandboxStep[],
): Partial<Pick<StagePlan, 'environment' | 'volumes' | 'imagePullSecrets'>> {
  const environment = {
    ...combination,
    ...workspaceVariables(pipeline, workspace),
    ...textsOf(pipeline.environment ?? [], (name) => Object.hasOwn(variables, name)),
    ...substituted,
  }
  const volumes = usedVolumes(pipeline, steps)
  const secrets = pipeline.image_pull_secrets?.items.map(({ value }) => value) ?? []
  return {
    ...(Object.keys(environment).length === 0 ? {} : { environment }),
    ...(volumes.length === 0 ? {} : { volumes }),
    ...(secrets.length === 0 ? {} : { imagePullSecrets: secrets }),
  }
}

function isService(step: StepPlan): boolean {
  return step.kind !== 'clone' && step.service === true
}

function sandboxSteps(steps: readonly StepPlan[]): SandboxStep[] {
  return steps.filter((step) => step.kind !== 'clone')
}

function reportTooManyEdges(
  checked: Pick<CheckedPipeline, 'pipeline'> | undefined,
  reporter: Reporter,
): void {
  const message = `the graph of dependencies has more than ${EDGES_MAX} edges`
  const span = checked?.pipeline.node.span ?? { start: 0, end: 0 }
  reporter.error('SP_PIPELINE_TOO_LARGE', span, message)
}
