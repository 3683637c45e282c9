import type { Reporter } from '../diagnostics/reporter.js'
import type { DecodedPipeline } from '../schema/pipeline-shape.js'
import { reportCycles } from './check-cycles.js'
import { reportDuplicates, reportUnknownDependencies } from './check-names.js'
import type { Dependencies } from './keep.js'

/** Name of a pipeline; one without is called `default`. */
export function pipelineName(pipeline: DecodedPipeline): string {
  return pipeline.name?.value ?? 'default'
}

/** Checks names and dependencies of the file's pipelines, and makes their graph. */
export function pipelineGraph(
  pipelines: readonly DecodedPipeline[],
  reporter: Reporter,
): Dependencies {
  const named = pipelines.map((pipeline) => ({
    name: pipelineName(pipeline),
    span: (pipeline.name?.node ?? pipeline.node).span,
  }))
  const nodes = pipelines.map((pipeline) => ({
    name: pipelineName(pipeline),
    dependsOn: (pipeline.depends_on?.items ?? []).map(({ value, node }) => ({
      name: value,
      span: node.span,
    })),
  }))
  reportDuplicates(named, 'pipeline', reporter)
  reportUnknownDependencies(nodes, new Set(named.map(({ name }) => name)), 'pipeline', reporter)
  reportCycles(nodes, 'pipeline', reporter)
  return new Map(
    nodes.map(({ name, dependsOn }) => [name, [...new Set(dependsOn.map((edge) => edge.name))]]),
  )
}
