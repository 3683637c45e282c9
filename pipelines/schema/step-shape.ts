import { stepOrInclude } from '../include/include-shape.js'
import { STEPS_MAX } from '../limits.js'
import { list } from './collections.js'
import { defined, withoutEffect } from './combinators.js'
import { type DecodedObject, object, type ObjectOptions } from './object.js'
import { stepHint } from './step-hints.js'
import { STEP_KEYS } from './step-keys.js'

/** Keys of the steps of a `docker` pipeline: an image is needed. */
export const DOCKER_STEP_KEYS = {
  ...STEP_KEYS,
  image: { ...STEP_KEYS.image, required: true },
} as const

/** Keys of the steps of an `exec` pipeline: they have no image. */
export const EXEC_STEP_KEYS = {
  ...STEP_KEYS,
  image: {
    shape: withoutEffect(
      STEP_KEYS.image.shape,
      'a pipeline of type `exec` runs on the tools of its machine',
    ),
    description: 'No effect: steps run on the tools of their machine.',
  },
} as const

/** Keys that only runners of another kind know. */
const FOREIGN_KEYS = ['group', 'tolerations', 'node_selector', 'metadata']

const PROGRAM_KEYS = ['commands', 'settings', 'entrypoint', 'command']

const OPTIONS: ObjectOptions = {
  noun: 'step',
  hintFor: stepHint,
  isVital: (meant, { entries }) =>
    meant === 'commands' && !PROGRAM_KEYS.some((key) => entries.has(key)),
}

const DOCKER_STEP = object(DOCKER_STEP_KEYS, OPTIONS)
const EXEC_STEP = object(EXEC_STEP_KEYS, OPTIONS)
const OTHER_STEP = object(STEP_KEYS, {
  ...OPTIONS,
  allowUnknown: ({ key }) => FOREIGN_KEYS.includes(key),
})

/** Definitions of the published schema. */
export const STEP_DEFINITIONS = {
  dockerStep: DOCKER_STEP,
  execStep: EXEC_STEP,
  otherStep: OTHER_STEP,
} as const

/** Steps of a `docker` pipeline. */
export const DOCKER_STEPS = list(stepOrInclude(defined('dockerStep', DOCKER_STEP)), STEPS_MAX)

/** Steps of an `exec` pipeline. */
export const EXEC_STEPS = list(stepOrInclude(defined('execStep', EXEC_STEP)), STEPS_MAX)

/** Steps of a pipeline of another type. */
export const OTHER_STEPS = list(stepOrInclude(defined('otherStep', OTHER_STEP)), STEPS_MAX)

/** A step or service as it is written; `decodeDocument` gives a name to those without. */
export type DecodedStep = DecodedObject<typeof STEP_KEYS>
