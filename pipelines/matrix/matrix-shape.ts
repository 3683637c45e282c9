import type { Node } from '../parse/tree.js'
import { LINE } from '../schema/scalars.js'
import type { JsonSchema, Located, Shape } from '../schema/shape.js'
import { AXIS_NAME } from './read-matrix.js'

const VALUE: JsonSchema = { type: ['string', 'number', 'boolean'], pattern: LINE.pattern }

const COMBINATIONS: JsonSchema = {
  type: 'array',
  items: {
    type: 'object',
    propertyNames: { pattern: AXIS_NAME.source },
    additionalProperties: VALUE,
  },
}

/** Sentences for the key's `description`. */
export const MATRIX_DESCRIPTION =
  'Runs the pipeline once for each combination of values: every key is an axis with the list of its ' +
  'values, which are variables of the steps and of `${}`. `exclude` leaves combinations out, ' +
  '`include` adds some; alone it lists all of them.'

/** The key's `example`. */
export const MATRIX_EXAMPLE =
  'matrix:\n  GO: [1.21, 1.22]\n  DATABASE: [mysql, postgres]\n  exclude:\n    - GO: 1.21\n      DATABASE: mysql'

/**
 * `matrix` of a pipeline. By the time that a pipeline is decoded its matrix has been read and checked
 * (see `combinationsOf`), so there is nothing left to report.
 */
export const MATRIX: Shape<Located<null>> = {
  schema: {
    type: 'object',
    propertyNames: { pattern: AXIS_NAME.source },
    properties: {
      include: {
        ...COMBINATIONS,
        description: 'Combinations to add; without any axis, all combinations.',
      },
      exclude: {
        ...COMBINATIONS,
        description: 'Combinations to leave out: those that have all of these values.',
      },
    },
    additionalProperties: { anyOf: [VALUE, { type: 'array', items: VALUE }] },
  },
  emptyAllowed: true,
  decode: (node: Node) => ({ value: null, node }),
}
