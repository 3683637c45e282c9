import { INCLUDED_STEPS } from '../include/include-shape.js'
import { CONDITIONS } from './conditions-shape.js'
import {
  CRON_KEYS,
  REGISTRY_KEYS,
  SECRET_KEYS,
  SIGNATURE_KEYS,
  TEMPLATE_KEYS,
} from './declaration-shapes.js'
import { DEPENDENCIES } from './dependency-shape.js'
import { ENVIRONMENT } from './environment-shape.js'
import { objectSchema } from './object.js'
import { PARAMETERS } from './parameters-shape.js'
import { DOCKER_PIPELINE_KEYS, EXEC_PIPELINE_KEYS, OTHER_PIPELINE_KEYS } from './pipeline-shape.js'
import { RESOURCES } from './resources-shape.js'
import { SETTINGS } from './settings-shape.js'
import type { JsonSchema } from './shape.js'
import { STEP_DEFINITIONS } from './step-shape.js'

/**
 * The JSON Schema (draft 2020-12) of one document of a pipeline file, made from the tables that the
 * decoder works from. It is for editors, and stricter than the decoder, which only warns about most
 * unknown keys. The decoder knows more: names, graphs, patterns, YAML's own rules.
 */
export function pipelineJsonSchema(): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Sandpiper pipeline',
    description: 'One document of a .pipeline.yml file.',
    type: 'object',
    ...byKind(Object.keys(KINDS)),
    $defs: definitions(),
  }
}

const KINDS = {
  secret: SECRET_KEYS,
  signature: SIGNATURE_KEYS,
  cron: CRON_KEYS,
  registry: REGISTRY_KEYS,
  template: TEMPLATE_KEYS,
}

/** `if` the document is of the first kind, then its keys, else the same with the other kinds. */
function byKind([first, ...others]: readonly string[]): JsonSchema {
  if (first === undefined) return PIPELINE
  return {
    if: { required: ['kind'], properties: { kind: { const: first } } },
    then: { $ref: `#/$defs/${first}` },
    else: byKind(others),
  }
}

const PIPELINE: JsonSchema = {
  if: { required: ['type'], properties: { type: { const: 'exec' } } },
  then: { $ref: '#/$defs/exec' },
  else: {
    if: { properties: { type: { const: 'docker' } } },
    then: { $ref: '#/$defs/docker' },
    else: { $ref: '#/$defs/other' },
  },
}

function definitions(): JsonSchema {
  const steps = Object.entries(STEP_DEFINITIONS).map(
    ([name, { schema }]) => [name, schema] as const,
  )
  const kinds = Object.entries(KINDS).map(([name, keys]) => [name, objectSchema(keys)] as const)
  const otherStep = { ...STEP_DEFINITIONS.otherStep.schema, additionalProperties: true }
  return {
    docker: { ...objectSchema(DOCKER_PIPELINE_KEYS), required: ['steps'] },
    exec: { ...objectSchema(EXEC_PIPELINE_KEYS), required: ['steps'] },
    other: { ...objectSchema(OTHER_PIPELINE_KEYS), additionalProperties: true },
    ...Object.fromEntries(steps),
    otherStep,
    includedSteps: INCLUDED_STEPS,
    ...Object.fromEntries(kinds),
    conditions: CONDITIONS.schema,
    dependencies: DEPENDENCIES.schema,
    environment: ENVIRONMENT.schema,
    parameters: PARAMETERS.schema,
    resources: RESOURCES.schema,
    settings: SETTINGS.schema,
  }
}
