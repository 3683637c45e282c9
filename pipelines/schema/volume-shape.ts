import type { Node } from '../parse/tree.js'
import { list } from './collections.js'
import { withoutEffect, ANYTHING, mapped } from './combinators.js'
import { NAME } from './name-shape.js'
import { type DecodedObject, type Keys, object } from './object.js'
import { flag, LINE, text, wrong } from './scalars.js'
import type { Shape } from './shape.js'
import { normalPath } from './paths.js'
import { size } from './units.js'
import { word } from './words.js'

/** Volumes of a pipeline, and mounts or devices of a step. */
const VOLUMES_MAX = 1000

/** Names of volumes that Drone's runners make themselves. */
const RESERVED = ['workspace', '_workspace', '_docker_socket']

const VOLUME_NAME = mapped(NAME, (name, node, context) => {
  if (!RESERVED.includes(name.value)) return name
  const message = `the name \`${name.value}\` is taken by a volume of the runner`
  context.reporter.error('SP_PIPELINE_RESERVED_NAME', node.span, message, 'take another name')
  return null
})

const TEMP_KEYS = {
  medium: {
    shape: word<'disk' | 'memory'>({
      words: { memory: 'memory', disk: 'disk', '': 'disk' },
      synonyms: { Memory: 'memory' },
    }),
    default: 'disk',
    description: 'Where it is held: `disk`, or `memory`, which counts to the memory of the steps.',
    example: 'medium: memory',
  },
  size_limit: {
    shape: size(1),
    description: 'The most that it may hold: bytes, or with a unit, such as `512m`.',
    example: 'size_limit: 1g',
  },
} satisfies Keys

const HOST_KEYS = {
  path: {
    shape: text(LINE),
    required: true,
    description: "Absolute path on the runner's host.",
  },
} satisfies Keys

const FOREIGN = 'it is for pipelines of the type `kubernetes`'

const VOLUME_KEYS = {
  name: {
    shape: VOLUME_NAME,
    required: true,
    description: 'Name by which steps mount it.',
  },
  temp: {
    shape: object(TEMP_KEYS),
    description:
      'A directory that is empty at first, is shared by the steps, and ends with the pipeline.',
    example: 'volumes:\n  - name: cache\n    temp: {}',
  },
  host: {
    shape: object(HOST_KEYS),
    description:
      "A path of the runner's host. No runner gives it unless it was set up to: whoever can push " +
      'could reach the host through it.',
    example: 'volumes:\n  - name: models\n    host:\n      path: /srv/models',
  },
} satisfies Keys

/** Volumes that only runners of another kind have. */
const FOREIGN_KEYS = ['claim', 'config_map', 'secret', 'downward_api']

const FOREIGN_VOLUME_KEYS = Object.fromEntries(
  FOREIGN_KEYS.map((key) => [
    key,
    { shape: withoutEffect(ANYTHING, FOREIGN), description: `No effect: ${FOREIGN}.` },
  ]),
)

/** A volume as it is declared. `temp: ~` is a directory too. */
export interface DecodedVolume {
  readonly name: string
  readonly node: Node
  readonly temp?: DecodedObject<typeof TEMP_KEYS>
  readonly host?: DecodedObject<typeof HOST_KEYS>
  /** It is something that only runners of another kind have. */
  readonly isForeign: boolean
}

function volume(shape: Shape<DecodedObject<typeof VOLUME_KEYS>>): Shape<DecodedVolume> {
  return mapped(shape, ({ name, temp, host, node }) =>
    name === undefined
      ? null
      : {
          name: name.value,
          node,
          ...(temp === undefined ? {} : { temp }),
          ...(host === undefined ? {} : { host }),
          isForeign: FOREIGN_KEYS.some((key) => node.entries.has(key)),
        },
  )
}

/** Volumes of `docker` and `exec` pipelines. */
export const VOLUMES = list(
  volume(object({ ...VOLUME_KEYS, ...FOREIGN_VOLUME_KEYS }, { noun: 'volume' })),
  VOLUMES_MAX,
)

/** Volumes of pipelines of another type. */
export const OTHER_VOLUMES = list(
  volume(
    object(VOLUME_KEYS, { noun: 'volume', allowUnknown: ({ key }) => FOREIGN_KEYS.includes(key) }),
  ),
  VOLUMES_MAX,
)

/** What the runner itself puts into a step. */
const OWN_DIRECTORIES = ['/run/drone', '/run/sandpiper', '/var/run/drone', '/var/run/sandpiper']
/** Mounts over these would cover them. Real files share the /var/run of a Docker beside them. */
const THEIR_PARENTS = ['/', '/run']

const MOUNT_PATH = mapped(text(LINE), (path, node, context) => {
  const normal = normalPath(path.value)
  const isBelowWorkspace = !path.value.startsWith('/') && !path.value.split('/').includes('..')
  if (isBelowWorkspace) return path
  if (THEIR_PARENTS.includes(normal)) {
    return wrong(node, context, `nothing can be mounted over \`${normal}\``)
  }
  const own = OWN_DIRECTORIES.find((one) => normal === one || normal.startsWith(`${one}/`))
  if (own === undefined) return path
  return wrong(node, context, `nothing can be mounted below \`${own}\``)
})

const MOUNT_KEYS = {
  name: {
    shape: VOLUME_NAME,
    required: true,
    description: 'Name of one of the volumes of the pipeline.',
  },
  path: {
    shape: MOUNT_PATH,
    required: true,
    description: 'Path inside of the step: absolute, or below the workspace.',
  },
  read_only: {
    shape: flag(),
    default: false,
    origin: 'sandpiper',
    description: 'The step can only read it.',
  },
} satisfies Keys

/** Mounts of a step. */
export const MOUNTS = list(object(MOUNT_KEYS, { noun: 'mount' }), VOLUMES_MAX)

const DEVICE_KEYS = {
  name: {
    shape: NAME,
    required: true,
    description: 'Name of a `host` volume whose path is a device.',
  },
  path: { shape: text(LINE), required: true, description: 'Path inside of the step.' },
} satisfies Keys

/** Devices of a step. */
export const DEVICES = list(object(DEVICE_KEYS, { noun: 'device' }), VOLUMES_MAX)
