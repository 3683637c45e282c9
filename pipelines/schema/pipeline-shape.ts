import { MATRIX, MATRIX_DESCRIPTION, MATRIX_EXAMPLE } from '../matrix/matrix-shape.js'
import type { LocatedList } from './collections.js'
import { oneOrMany, textMap } from './collections.js'
import { ANYTHING, byKind, defined, located, mapped, withoutEffect } from './combinators.js'
import { CONDITIONS } from './conditions-shape.js'
import { DEPENDENCIES } from './dependency-shape.js'
import { ENVIRONMENT } from './environment-shape.js'
import { NAME } from './name-shape.js'
import { type DecodedObject, type Keys, object } from './object.js'
import { PARAMETERS, PARAMETERS_DESCRIPTION, PARAMETERS_EXAMPLE } from './parameters-shape.js'
import { PLATFORM } from './platform-shape.js'
import { RESOURCES } from './resources-shape.js'
import { choice, flag, integer, LINE, text } from './scalars.js'
import type { Shape } from './shape.js'
import { type DecodedStep, DOCKER_STEPS, EXEC_STEPS, OTHER_STEPS } from './step-shape.js'
import { duration } from './units.js'
import { OTHER_VOLUMES, VOLUMES } from './volume-shape.js'

/** Deepest history that can be asked for; git(1) takes depths as signed 32 bit numbers. */
const DEPTH_MAX = 2 ** 31 - 1

const CLONE_KEYS = {
  disable: { shape: flag(), default: false, description: 'Do not check the commit out.' },
  depth: {
    shape: integer(0, DEPTH_MAX),
    description: 'Commits of history to have; 0 is all of it.',
    example: 'clone:\n  depth: 50',
  },
  retries: {
    shape: integer(0, 100),
    description: 'How often to try again when fetching fails.',
    example: 'clone:\n  retries: 3',
  },
  skip_verify: {
    shape: flag(),
    default: false,
    description: "Do not check the server's certificate.",
  },
  trace: { shape: flag(), default: false, description: 'Print what git does.' },
} satisfies Keys

const WORKSPACE_KEYS = {
  base: {
    shape: text(LINE),
    default: '/drone/src',
    description: 'Absolute path that `path` starts from.',
  },
  path: {
    shape: text(LINE),
    description: 'Where the checkout is and commands start: below `base`, or an absolute path.',
    example: 'workspace:\n  base: /go\n  path: src/git.example.com/octo/hello',
  },
} satisfies Keys

const CONCURRENCY_LIMIT = integer(1, 10_000)

const CONCURRENCY_KEYS = {
  limit: {
    shape: CONCURRENCY_LIMIT,
    default: 1,
    description: 'How many of the group may run at once.',
  },
  group: {
    shape: NAME,
    origin: 'sandpiper',
    description:
      'Pipelines of the repo with the same group take turns. Default: the name of the pipeline.',
  },
  cancel_previous: {
    shape: flag(),
    default: false,
    origin: 'sandpiper',
    description: 'A newer build ends the older ones of the group instead of waiting for them.',
  },
} satisfies Keys

export interface DecodedConcurrency {
  readonly limit: number | undefined
  readonly group: string | undefined
  readonly cancelPrevious: boolean
}

const CONCURRENCY: Shape<DecodedConcurrency> = byKind<DecodedConcurrency>(
  {
    scalar: mapped(CONCURRENCY_LIMIT, ({ value }) => ({
      limit: value,
      group: undefined,
      cancelPrevious: false,
    })),
    map: mapped(object(CONCURRENCY_KEYS), ({ limit, group, cancel_previous: cancel }) => ({
      limit: limit?.value,
      group: group?.value,
      cancelPrevious: cancel?.value ?? false,
    })),
  },
  'a number or a mapping',
)

/** Labels that a runner must have. */
export const LABELS = textMap({
  names: { pattern: '^(?!__proto__$)[^\\u0000-\\u0020\\u007f]+$', rule: 'be the name of a label' },
  values: LINE,
})

/** What a pipeline is and where it runs. */
const PLACE_KEYS = {
  kind: {
    shape: choice(['pipeline']),
    default: 'pipeline',
    description: 'What the document is.',
  },
  version: {
    shape: withoutEffect(ANYTHING, 'there is one version of the language'),
    description: 'No effect, as in Drone: there is one version of the language.',
  },
  name: {
    shape: NAME,
    default: 'default',
    description: 'Name of the pipeline, unique in the file.',
    example: 'name: build',
  },
  platform: {
    shape: PLATFORM,
    description: 'Operating system and processor that the steps need. Default: `linux`, `amd64`.',
    example: 'platform:\n  os: linux\n  arch: arm64',
  },
  node: {
    shape: LABELS,
    description:
      'Labels that the runner must have: exactly these. Default: none, which is any runner without labels.',
    example: 'node:\n  disk: ssd',
  },
  clone: {
    shape: object(CLONE_KEYS),
    description: 'How the commit is checked out.',
    example: 'clone:\n  depth: 50',
  },
  workspace: {
    shape: object(WORKSPACE_KEYS),
    description: 'Where the commit is checked out to.',
    example: 'workspace:\n  path: /srv/app',
  },
} satisfies Keys

/** When a pipeline runs. */
const FLOW_KEYS = {
  trigger: {
    shape: defined('conditions', CONDITIONS),
    description: 'Conditions that must hold, or the pipeline is left out.',
    example: 'trigger:\n  branch: [main]\n  event: [push, pull_request]',
  },
  depends_on: {
    shape: defined('dependencies', DEPENDENCIES),
    description:
      'Pipelines of the file that must end before this one starts, by name or as `{name, optional: true}`.',
    example: 'depends_on: [build]',
  },
  concurrency: {
    shape: located(CONCURRENCY),
    description:
      'Lets pipelines of the repo take turns, across builds: how many may run at once, as a number ' +
      'or a mapping.',
    example: 'concurrency:\n  group: deploy\n  cancel_previous: true',
  },
  timeout: {
    shape: duration(),
    origin: 'sandpiper',
    description: "Time that the whole pipeline may take, with its unit. Default: the repo's.",
    example: 'timeout: 30m',
  },
} satisfies Keys

/** What makes several stages of one pipeline. It is read before anything else is decoded. */
const MATRIX_KEYS = {
  matrix: {
    shape: MATRIX,
    origin: 'sandpiper',
    description: MATRIX_DESCRIPTION,
    example: MATRIX_EXAMPLE,
  },
} satisfies Keys

/** What whoever starts a build can give it. It is read before anything else is decoded. */
const PARAMETER_KEYS = {
  parameters: {
    shape: defined('parameters', PARAMETERS),
    origin: 'sandpiper',
    description: PARAMETERS_DESCRIPTION,
    example: PARAMETERS_EXAMPLE,
  },
} satisfies Keys

/** What steps of a pipeline share. */
const SHARED_KEYS = {
  environment: {
    shape: defined('environment', ENVIRONMENT),
    description: 'Variables of every step. `{from_secret: name}` takes the value from a secret.',
    example: 'environment:\n  GOFLAGS: -mod=readonly',
  },
  image_pull_secrets: {
    shape: oneOrMany(NAME),
    description:
      'Secrets that hold credentials for registries, each as the `config.json` of Docker.',
    example: 'image_pull_secrets: [dockerconfig]',
  },
  volumes: {
    shape: VOLUMES,
    description: 'Directories that steps can mount.',
    example: 'volumes:\n  - name: cache\n    temp: {}',
  },
  resources: {
    shape: defined('resources', RESOURCES),
    description: 'Limits of each step that has none of its own.',
    example: 'resources:\n  memory: 2g',
  },
} satisfies Keys

function keys(steps: Shape<LocatedList<DecodedStep>>) {
  return {
    ...PLACE_KEYS,
    ...FLOW_KEYS,
    ...MATRIX_KEYS,
    ...PARAMETER_KEYS,
    ...SHARED_KEYS,
    services: {
      shape: steps,
      description:
        'Programs that run beside the steps, for example databases: they start first, and end with ' +
        'the pipeline. They have the keys of steps; steps reach them by their name.',
      example: 'services:\n  - name: database\n    image: postgres:16\n    ports: [5432]',
    },
    steps: {
      shape: steps,
      description: 'What to run.',
      example:
        'steps:\n  - name: test\n    image: golang:1.22\n    commands:\n      - go test ./...',
    },
  } satisfies Keys
}

const TYPE_DESCRIPTION =
  'What steps run in: `docker`, the file system of an image; `exec`, a read-only view of the tools of ' +
  'the machine. Any other type is for runners of another kind.'

/** Keys of a `docker` pipeline: every step has an image. */
export const DOCKER_PIPELINE_KEYS = {
  ...keys(DOCKER_STEPS),
  type: { shape: text(LINE), default: 'docker', description: TYPE_DESCRIPTION },
} satisfies Keys

/** Keys of an `exec` pipeline: steps run on a read-only view of the tools of the machine. */
export const EXEC_PIPELINE_KEYS = { ...DOCKER_PIPELINE_KEYS, ...keys(EXEC_STEPS) } satisfies Keys

/** Keys of a pipeline for a runner of another kind. */
export const OTHER_PIPELINE_KEYS = {
  ...DOCKER_PIPELINE_KEYS,
  ...keys(OTHER_STEPS),
  volumes: { ...SHARED_KEYS.volumes, shape: OTHER_VOLUMES },
} satisfies Keys

/** A pipeline as it is written. `labels` is its key `node`. */
export type DecodedPipeline = DecodedObject<typeof DOCKER_PIPELINE_KEYS> & {
  readonly labels?: Readonly<Record<string, string>>
}
