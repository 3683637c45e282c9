import type { Node } from '../parse/tree.js'
import { allSteps } from '../schema/all-steps.js'
import type { DecodedPipeline } from '../schema/pipeline-shape.js'

/**
 * About the length of all the text that the plan of a pipeline would hold; aliased text counts
 * wherever it is used, and variables that every step gets as often as there are steps.
 */
export function planTextLength(pipeline: DecodedPipeline): number {
  const secrets = (pipeline.environment ?? []).reduce(
    (sum, { name, value, node }) =>
      sum + (value === undefined ? name.length + textLength(node) : 0),
    0,
  )
  return textLength(pipeline.node) + secrets * allSteps(pipeline).length
}

/** The walk takes as many turns as the document has nodes written out, which its budget bounds. */
function textLength(root: Node): number {
  let length = 0
  const waiting: Node[] = [root]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node.kind === 'scalar') length += node.text.length
    else if (node.kind === 'list') for (const item of node.items) waiting.push(item)
    else {
      for (const { key, value } of node.entries.values()) {
        length += key.length
        waiting.push(value)
      }
    }
  }
  return length
}

/** Length of the names and values of variables. */
export function variablesLength(variables: Readonly<Record<string, string>>): number {
  return Object.entries(variables).reduce(
    (sum, [name, { length }]) => sum + name.length + length,
    0,
  )
}
