import type { Variant } from '../compile/checked-pipeline.js'
import { NAME_LENGTH_MAX } from '../limits.js'

/** Name of a pipeline that has none. */
export const DEFAULT_NAME = 'default'

/** What names of stages are made of. */
export type NamedVariant = Pick<Variant, 'pipeline' | 'combination'>

/** Name of a pipeline as the file has it: combinations of a matrix share it. */
export function pipelineName({ pipeline }: NamedVariant): string {
  return pipeline.name?.value ?? DEFAULT_NAME
}

/**
 * Names of the stages in the order of the variants: that of the pipeline, and where combinations of
 * one matrix have the same, with the values in parentheses: `test (GO=1.22, OS=linux)`.
 */
export function stageNames(variants: readonly NamedVariant[]): string[] {
  const counts = new Map<string, number>()
  for (const variant of variants) {
    const key = keyOf(variant)
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return variants.map((variant, index) =>
    (counts.get(keyOf(variant)) ?? 0) > 1 ? combinedName(variant, index) : pipelineName(variant),
  )
}

/** Two documents with one name stay a mistake. */
function keyOf(variant: NamedVariant): string {
  return `${variant.pipeline.node.span.start} ${pipelineName(variant)}`
}

function combinedName(variant: NamedVariant, index: number): string {
  const values = Object.entries(variant.combination).map(([axis, value]) => `${axis}=${value}`)
  if (values.length === 0) return pipelineName(variant)
  const name = `${pipelineName(variant)} (${values.join(', ')})`
  return name.length <= NAME_LENGTH_MAX ? name : `${pipelineName(variant)} (${index + 1})`
}
