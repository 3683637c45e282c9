import { objectSchema } from './object.js'
import { DOCKER_PIPELINE_KEYS, EXEC_PIPELINE_KEYS } from './pipeline-shape.js'
import type { JsonSchema } from './shape.js'

/**
 * The JSON Schema (draft 2020-12) of one document of a pipeline file, made from the tables that the
 * decoder works from. The decoder knows more: names, graphs, patterns, YAML's own rules, and that a
 * top-level key which only holds used anchors is fine.
 */
export function pipelineJsonSchema(): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Sandpiper pipeline',
    description: 'One document of a .pipeline.yml file.',
    type: 'object',
    if: { required: ['type'], properties: { type: { const: 'exec' } } },
    then: { $ref: '#/$defs/exec' },
    else: { $ref: '#/$defs/docker' },
    $defs: {
      docker: objectSchema(DOCKER_PIPELINE_KEYS),
      exec: objectSchema(EXEC_PIPELINE_KEYS),
    },
  }
}
