import { oneOrMany } from './collections.js'
import { CONDITIONS } from './conditions-shape.js'
import { type DecodedObject, type Keys, object } from './object.js'
import { choice, flag, integer, LINE, text } from './scalars.js'
import { DOCKER_STEPS, ENVIRONMENT, EXEC_STEPS, NAME } from './step-shape.js'

/** Deepest history that can be asked for; git(1) takes depths as signed 32 bit numbers. */
const DEPTH_MAX = 2 ** 31 - 1

const CLONE_KEYS = {
  disable: { shape: flag(), default: false, description: 'Do not check the commit out.' },
  depth: {
    shape: integer(0, DEPTH_MAX),
    description: 'Commits of history to have; 0 is all of it.',
  },
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
  },
} satisfies Keys

const PIPELINE_KEYS = {
  kind: {
    shape: choice(['pipeline']),
    default: 'pipeline',
    description: 'What the document is.',
  },
  name: {
    shape: NAME,
    default: 'default',
    description: 'Name of the pipeline, unique in the file.',
  },
  clone: {
    shape: object(CLONE_KEYS, { unsupported: ['retries', 'skip_verify', 'trace'] }),
    description: 'How the commit is checked out.',
  },
  workspace: { shape: object(WORKSPACE_KEYS), description: 'Where the commit is checked out to.' },
  environment: { shape: ENVIRONMENT, description: 'Variables of every step.' },
  trigger: {
    shape: CONDITIONS,
    description: 'Conditions, all of which must hold, or the pipeline is left out.',
  },
  depends_on: {
    shape: oneOrMany(NAME),
    description: 'Pipelines of the file that must end before this one starts.',
  },
} satisfies Keys

/** Keys of a `docker` pipeline: every step has an image. */
export const DOCKER_PIPELINE_KEYS = {
  ...PIPELINE_KEYS,
  type: {
    shape: choice(['docker']),
    default: 'docker',
    description:
      'What steps run in: `docker`, the file system of an image; `exec`, a read-only view of the ' +
      'tools of the machine.',
  },
  steps: { shape: DOCKER_STEPS, required: true, description: 'What to run.' },
} satisfies Keys

/** Keys of an `exec` pipeline: steps run on a read-only view of the tools of the machine. */
export const EXEC_PIPELINE_KEYS = {
  ...PIPELINE_KEYS,
  type: {
    shape: choice(['exec']),
    required: true,
    description: DOCKER_PIPELINE_KEYS.type.description,
  },
  steps: { shape: EXEC_STEPS, required: true, description: 'What to run.' },
} satisfies Keys

/** Keys of pipelines that this version refuses. */
export const UNSUPPORTED_PIPELINE_KEYS = [
  'version',
  'platform',
  'node',
  'concurrency',
  'image_pull_secrets',
  'volumes',
  'services',
  'resources',
  'metadata',
  'node_name',
  'node_selector',
  'tolerations',
  'service_account_name',
  'dns_config',
  'host_aliases',
  'pool',
  'server',
  'matrix',
  'include',
] as const

/** A pipeline as it is written. */
export type DecodedPipeline =
  DecodedObject<typeof DOCKER_PIPELINE_KEYS> | DecodedObject<typeof EXEC_PIPELINE_KEYS>
