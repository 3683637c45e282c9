import { NAME_LENGTH_MAX, STEPS_MAX, VARIABLE_LENGTH_MAX } from '../limits.js'
import { list, oneOrMany, textMap } from './collections.js'
import { COMMANDS } from './commands-shape.js'
import { CONDITIONS } from './conditions-shape.js'
import { type DecodedObject, type Keys, object, type ObjectOptions } from './object.js'
import { ANY_TEXT, choice, flag, LINE, text } from './scalars.js'

/** A name: of a step, a pipeline. */
export const NAME = text({ ...LINE, lengthMax: NAME_LENGTH_MAX })

/**
 * Variables for programs. What they hold reaches a program through execve(2), so names have no `=`
 * and nothing has a NUL. `__proto__` is refused because plans are plain JSON objects.
 */
export const ENVIRONMENT = textMap({
  names: {
    pattern: '^(?!__proto__$)[^=\\u0000-\\u0020\\u007f]+$',
    rule: 'be the name of a variable',
  },
  values: { ...ANY_TEXT, lengthMax: VARIABLE_LENGTH_MAX },
})

const STEP_KEYS = {
  name: {
    shape: NAME,
    required: true,
    description: 'Name of the step, unique in its pipeline. `clone` is taken by the checkout.',
  },
  commands: {
    shape: COMMANDS,
    required: true,
    description:
      'Shell commands, run by /bin/sh in the checkout, one after the other; the first that fails ' +
      'ends the step.',
  },
  environment: {
    shape: ENVIRONMENT,
    description: 'Variables of this step; they win over those of the pipeline.',
  },
  depends_on: {
    shape: oneOrMany(NAME),
    description:
      'Steps that must end before this one starts. With it anywhere in a pipeline, steps without ' +
      'it start right after the checkout; without it anywhere, steps run one after the other.',
  },
  when: {
    shape: CONDITIONS,
    description: 'Conditions, all of which must hold, or the step is left out.',
  },
  failure: {
    shape: choice(['ignore', 'fast', 'fast-fail', 'fail-fast']),
    description:
      '`ignore`: a failure of this step does not fail the pipeline. `fast` (or `fast-fail`, ' +
      '`fail-fast`): a failure cancels what is still running.',
  },
  detach: {
    shape: flag(),
    default: false,
    description:
      'Run in the background: later steps do not wait for its end, and it is stopped when all ' +
      'other steps have ended. Its result is not counted.',
  },
} satisfies Keys

const DOCKER_STEP_KEYS = {
  ...STEP_KEYS,
  image: {
    shape: text({ pattern: '^[^\\s\\u0000-\\u001f\\u007f]+$', rule: 'be the name of an image' }),
    required: true,
    description: 'Image whose file system the step runs in.',
  },
} satisfies Keys

const UNSUPPORTED = [
  'command',
  'entrypoint',
  'settings',
  'pull',
  'privileged',
  'user',
  'working_dir',
  'shell',
  'mem_limit',
  'memswap_limit',
  'shm_size',
  'volumes',
  'devices',
  'network_mode',
  'network',
  'dns',
  'dns_search',
  'extra_hosts',
  'build',
  'push',
  'ports',
  'resources',
  'timeout',
  'retry',
  'outputs',
  'healthcheck',
] as const

const STEP_OPTIONS: ObjectOptions = {
  noun: 'step',
  unsupported: UNSUPPORTED,
  insteadOf: { commands: ['settings'] },
}

/** Steps of a `docker` pipeline. */
export const DOCKER_STEPS = list(object(DOCKER_STEP_KEYS, STEP_OPTIONS), STEPS_MAX)

/** Steps of an `exec` pipeline: they have no image. */
export const EXEC_STEPS = list(
  object(STEP_KEYS, {
    ...STEP_OPTIONS,
    misplaced: { image: 'a pipeline of type `exec` runs on the tools of its machine' },
  }),
  STEPS_MAX,
)

/** A step as it is written, without what differs by type. */
export type DecodedStep = DecodedObject<typeof STEP_KEYS> & {
  readonly image?: DecodedObject<typeof DOCKER_STEP_KEYS>['image']
}
