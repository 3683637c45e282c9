import type { Reporter } from '../diagnostics/reporter.js'
import type { DecodedPipeline } from '../schema/pipeline-shape.js'
import { reportCycles } from './check-cycles.js'
import { reportDuplicates, reportUnknownDependencies } from './check-names.js'
import { edgesOf } from './graph.js'
import type { Dependencies } from './keep.js'

/** Name of a pipeline that has none. */
export const DEFAULT_NAME = 'default'

/** Name of a pipeline. */
export function pipelineName(pipeline: DecodedPipeline): string {
  return pipeline.name?.value ?? DEFAULT_NAME
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
  const known = new Set(named.map(({ name }) => name))
  const nodes = pipelines.map((pipeline) => ({
    name: pipelineName(pipeline),
    dependsOn: edgesOf(pipeline.depends_on, known),
  }))
  reportDuplicates(named, 'pipeline', reporter)
  reportUnknownDependencies(nodes, known, 'pipeline', reporter)
  reportCycles(nodes, 'pipeline', reporter)
  return new Map(
    nodes.map(({ name, dependsOn }) => [name, [...new Set(dependsOn.map((edge) => edge.name))]]),
  )
}
