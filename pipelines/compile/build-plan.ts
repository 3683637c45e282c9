import { runOnOfPipeline, unmetCondition } from '../conditions/evaluate.js'
import { conditionFacts, type Facts } from '../conditions/facts.js'
import type { Reporter } from '../diagnostics/reporter.js'
import type { BuildEvent, RepoFacts } from '../event.js'
import { type Dependencies, keepNodes } from '../graph/keep.js'
import { pipelineName } from '../graph/pipeline-graph.js'
import { EDGES_MAX } from '../limits.js'
import type { ClonePlan, Plan, Platform, StagePlan } from '../plan.js'
import type { CheckedPipeline } from './checked-pipeline.js'
import type { DecodedPipeline } from '../schema/pipeline-shape.js'
import { leftOutSteps, planSteps, variables } from './steps.js'

const DEFAULT_PLATFORM: Platform = { os: 'linux', arch: 'amd64' }

/** Decides what the event runs and writes the plan of it. Only graphs that are too large are reported. */
export function buildPlan(
  pipelines: readonly CheckedPipeline[],
  graph: Dependencies,
  input: {
    readonly event: BuildEvent
    readonly repo: RepoFacts
    readonly platform?: Platform
  },
  reporter: Reporter,
): Plan {
  const facts = conditionFacts(input.event, input.repo)
  const platform = input.platform ?? DEFAULT_PLATFORM
  const stages = new Map<string, Omit<StagePlan, 'dependsOn'>>()
  const skipped: { name: string; reason: string }[] = []
  for (const checked of pipelines) {
    const name = pipelineName(checked.pipeline)
    const stage = planStage(checked, facts, platform, reporter)
    if ('reason' in stage) skipped.push({ name, reason: stage.reason })
    else stages.set(name, stage)
  }
  const kept = keepNodes(graph, (name) => stages.has(name))
  if (kept === undefined) reportTooManyEdges(pipelines[0], reporter)
  return {
    stages: [...stages].map(([name, stage]) => ({ ...stage, dependsOn: kept?.get(name) ?? [] })),
    skipped,
  }
}

function planStage(
  { pipeline, graph, workspace, environment: substituted }: CheckedPipeline,
  facts: Facts,
  platform: Platform,
  reporter: Reporter,
): Omit<StagePlan, 'dependsOn'> | { readonly reason: string } {
  const unmet = unmetCondition(pipeline.trigger, facts)
  if (unmet !== undefined) return { reason: unmet }
  const runOn = runOnOfPipeline(pipeline.trigger)
  if (!runOn.success && !runOn.failure) {
    return { reason: 'the condition on `status` matches neither success nor failure' }
  }
  const steps = planSteps({ pipeline, graph, facts })
  if (steps === undefined) reportTooManyEdges({ pipeline }, reporter)
  if (steps?.length === 0) return { reason: 'none of its steps runs for this event' }
  const environment = { ...variables(pipeline.environment), ...substituted }
  const leftOut = leftOutSteps({ pipeline, facts })
  return {
    kind: 'pipeline',
    type: pipeline.type?.value ?? 'docker',
    name: pipelineName(pipeline),
    platform,
    runOn,
    clone: clonePlan(pipeline),
    workspace,
    ...(Object.keys(environment).length === 0 ? {} : { environment }),
    steps: steps ?? [],
    ...(leftOut.length === 0 ? {} : { leftOut }),
  }
}

function clonePlan({ clone }: DecodedPipeline): ClonePlan {
  const disabled = clone?.disable?.value ?? false
  return clone?.depth === undefined ? { disabled } : { disabled, depth: clone.depth.value }
}

function reportTooManyEdges(
  checked: Pick<CheckedPipeline, 'pipeline'> | undefined,
  reporter: Reporter,
): void {
  const message = `the graph of dependencies has more than ${EDGES_MAX} edges`
  const span = checked?.pipeline.node.span ?? { start: 0, end: 0 }
  reporter.error('SP_PIPELINE_TOO_LARGE', span, message)
}
