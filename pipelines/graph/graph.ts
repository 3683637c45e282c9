import type { Span } from '../diagnostics/reporter.js'
import type { LocatedList } from '../schema/collections.js'
import type { Dependency } from '../schema/dependency-shape.js'

/** A step among steps, or a pipeline among pipelines. */
export interface GraphNode {
  readonly name: string
  /** Name of the pipeline that it is a stage of, which a matrix makes another one. */
  readonly pipeline?: string
  readonly dependsOn: readonly Edge[]
}

/** A dependency and where it is written. */
export interface Edge {
  readonly name: string
  readonly span: Span
}

/** The dependencies of a node, without those that are optional and not there. */
export function edgesOf(
  dependencies: LocatedList<Dependency> | undefined,
  known: ReadonlySet<string>,
): Edge[] {
  return (dependencies?.items ?? []).flatMap(({ name, optional, node }) =>
    optional && !known.has(name) ? [] : [{ name, span: node.span }],
  )
}
