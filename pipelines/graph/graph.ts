import type { Span } from '../diagnostics/reporter.js'

/** A step among steps, or a pipeline among pipelines. */
export interface GraphNode {
  readonly name: string
  readonly dependsOn: readonly Edge[]
}

/** A dependency and where it is written. */
export interface Edge {
  readonly name: string
  readonly span: Span
}
