import { ANYTHING } from '../schema/combinators.js'
import { type Keys, objectSchema } from '../schema/object.js'
import { LINE, text } from '../schema/scalars.js'
import type { Shape } from '../schema/shape.js'

/** Keys of an entry of `steps` or `services` that stands for the steps of another file. */
export const INCLUDE_KEYS = {
  include: {
    shape: text(LINE),
    required: true,
    description:
      'A file of the repo, by its path from the root: a list of steps, or a mapping with `steps`. Its ' +
      'steps stand in place of this entry.',
    example: 'steps:\n  - include: ci/lint.yml\n    data:\n      version: "1.22"',
    origin: 'sandpiper',
  },
  data: {
    shape: ANYTHING,
    description: 'Values that the file can use: `{{ .input.NAME }}`.',
    origin: 'sandpiper',
  },
} satisfies Keys

/** A step, or an entry that includes some; the latter are replaced before steps are decoded. */
export function stepOrInclude<T>(step: Shape<T>): Shape<T> {
  return { ...step, schema: { anyOf: [{ $ref: '#/$defs/includedSteps' }, step.schema] } }
}

/** Schema of such an entry. */
export const INCLUDED_STEPS = objectSchema(INCLUDE_KEYS)
