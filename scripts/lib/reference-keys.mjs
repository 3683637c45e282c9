import {
  CRON_KEYS,
  REGISTRY_KEYS,
  SECRET_KEYS,
  SIGNATURE_KEYS,
  TEMPLATE_KEYS,
} from '../../dist/pipelines/schema/declaration-shapes.js'
import { INCLUDE_KEYS } from '../../dist/pipelines/include/include-shape.js'
import { pipelineJsonSchema } from '../../dist/pipelines/schema/json-schema.js'
import { DOCKER_PIPELINE_KEYS } from '../../dist/pipelines/schema/pipeline-shape.js'
import { STEP_KEYS } from '../../dist/pipelines/schema/step-keys.js'

/**
 * The tables of keys that the decoder works from, by the names that pages know them by: `step` for those of steps,
 * `step.retry` for those below its key `retry`.
 * @returns a map name -> rows; see `rowOf`
 */
export function keyTables() {
  const tables = new Map()
  const add = (name, keys) => {
    tables.set(name, Object.entries(keys).map(rowOf))
    for (const [key, { shape }] of Object.entries(keys)) {
      const isElsewhere = name === 'pipeline' && ELSEWHERE.includes(key)
      if (shape.keys !== undefined && !isElsewhere) add(`${name}.${key}`, shape.keys)
    }
  }
  for (const [name, keys] of Object.entries(ROOTS)) add(name, keys)
  addConditions(tables)
  return tables
}

const ROOTS = {
  pipeline: DOCKER_PIPELINE_KEYS,
  step: STEP_KEYS,
  include: INCLUDE_KEYS,
  secret: SECRET_KEYS,
  signature: SIGNATURE_KEYS,
  cron: CRON_KEYS,
  registry: REGISTRY_KEYS,
  template: TEMPLATE_KEYS,
}

/** Keys whose values have a table of their own: steps, and what pipelines and steps both have. */
const ELSEWHERE = ['steps', 'services', 'depends_on', 'resources']

/** Conditions are lists of tables, so they are read from the published schema. */
function addConditions(tables) {
  const { properties } = pipelineJsonSchema().$defs.conditions.anyOf[0]
  tables.set('conditions', Object.entries(properties).map(propertyRow))
  for (const name of ['branch', 'paths']) {
    const long = properties[name].anyOf.find((form) => form.properties !== undefined)
    const table = name === 'branch' ? 'conditions.patterns' : `conditions.${name}`
    tables.set(table, Object.entries(long.properties).map(propertyRow))
  }
  tables.set('conditions.matrix', Object.entries(properties.matrix.properties).map(propertyRow))
}

/** What a page says of a key. */
function rowOf([name, { shape, description, required, default: fallback, example, origin }]) {
  const isRequired = required === true
  return { name, schema: shape.schema, description, isRequired, fallback, example, origin }
}

function propertyRow([name, { description, default: fallback, ...schema }]) {
  return { name, schema, description, isRequired: false, fallback }
}
