import type { Dialect } from '../convert/dialect.js'
import type { Dependencies } from '../graph/keep.js'
import type { Combination } from '../matrix/expand-matrix.js'
import type { DecodedPipeline } from '../schema/pipeline-shape.js'

/** A pipeline document in one combination of its matrix. */
export interface Variant {
  readonly pipeline: DecodedPipeline
  readonly dialect: Dialect
  readonly combination: Combination
  /** Every variable that is known when the build is compiled; for substitution and expressions. */
  readonly variables: Readonly<Record<string, string>>
  /** Variables that substitution asks to be in the stage's environment. */
  readonly environment: Readonly<Record<string, string>>
}

/** A pipeline without errors, with what the checks found out about it. */
export interface CheckedPipeline extends Variant {
  readonly graph: Dependencies
  readonly workspace: string
}
