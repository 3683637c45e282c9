import { ARGV } from './argv-shape.js'
import { defined, located, mapped, withoutEffect, ANYTHING } from './combinators.js'
import { COMMANDS } from './commands-shape.js'
import { CONDITIONS } from './conditions-shape.js'
import { DEPENDENCIES } from './dependency-shape.js'
import { ENVIRONMENT } from './environment-shape.js'
import { HEALTHCHECK } from './healthcheck-shape.js'
import { NAME } from './name-shape.js'
import { ADDRESSES, DOMAINS, EXTRA_HOSTS, NETWORK, PORTS } from './network-shapes.js'
import type { Keys } from './object.js'
import { PUBLISH } from './publish-shape.js'
import { RESOURCES } from './resources-shape.js'
import { RETRY } from './retry-shape.js'
import { flag, LINE, text } from './scalars.js'
import { SETTINGS } from './settings-shape.js'
import { duration, size } from './units.js'
import { DEVICES, MOUNTS } from './volume-shape.js'
import { word } from './words.js'

const DESCRIBED_SHELL =
  'Shell that runs the `commands`: an absolute path, or the name of one in /bin, such as `bash`.'

const SHELL = mapped(
  text({ pattern: '^(/[^\\u0000-\\u0020\\u007f]+|[A-Za-z0-9._-]+)$', rule: 'be one program' }),
  ({ value, node }) => ({ value: value.startsWith('/') ? value : `/bin/${value}`, node }),
)

const USER = text({
  pattern: '^[^\\s:\\u0000-\\u001f]+(:[^\\s:\\u0000-\\u001f]+)?$',
  rule: 'be a user, or `user:group`',
})

/** What a step is and does. */
const WORK_KEYS = {
  name: {
    shape: NAME,
    description:
      'Name of the step, unique among the steps and services of its pipeline. `clone` is taken by ' +
      'the checkout. Default: `step-` and the number of the step.',
    example: 'name: unit tests',
  },
  image: {
    shape: text({ pattern: '^[^\\s\\u0000-\\u001f\\u007f]+$', rule: 'be the name of an image' }),
    description: 'Image whose file system the step runs in.',
    example: 'image: golang:1.22',
  },
  pull: {
    shape: word<'always' | 'if-not-exists' | 'never'>({
      words: {
        always: 'always',
        'if-not-exists': 'if-not-exists',
        never: 'never',
        default: null,
        false: null,
      },
      synonyms: {
        true: 'always',
        'if-not-present': 'if-not-exists',
        IfNotPresent: 'if-not-exists',
      },
    }),
    description:
      'When the image is fetched: `always`, `if-not-exists` or `never`. Default: always for images ' +
      'with the tag `latest` or none, else when it is not there.',
    example: 'pull: if-not-exists',
  },
  commands: {
    shape: COMMANDS,
    description:
      'Shell commands, run in the checkout one after the other; the first that fails ends the step. ' +
      "Without `commands` the image's own program runs.",
    example: 'commands:\n  - go vet ./...\n  - go test ./...',
  },
  entrypoint: {
    shape: located(ARGV),
    description:
      "Program to run instead of the image's own. Text is split at spaces. Not with `commands`.",
    example: 'entrypoint: [/bin/server, --verbose]',
  },
  command: {
    shape: located(ARGV),
    description:
      "Arguments for the image's own program, instead of the image's. Text is split at spaces. Not " +
      'with `commands`.',
    example: 'command: [redis-server, --save, ""]',
  },
  shell: {
    shape: SHELL,
    default: '/bin/sh',
    description: DESCRIBED_SHELL,
    example: 'shell: bash',
  },
  environment: {
    shape: defined('environment', ENVIRONMENT),
    description:
      'Variables of this step; they win over those of the pipeline. `{from_secret: name}` takes the ' +
      'value from a secret.',
    example: 'environment:\n  CGO_ENABLED: 0\n  TOKEN:\n    from_secret: token',
  },
  settings: {
    shape: defined('settings', SETTINGS),
    description:
      'Settings of a plugin. Each becomes a variable `PLUGIN_` with the name in capitals: lists of ' +
      'scalars joined by commas, other lists and mappings as JSON. `{from_secret: name}` takes the ' +
      'value from a secret.',
    example:
      'settings:\n  repo: octo/hello\n  tags: [latest, "1.2"]\n  password:\n    from_secret: password',
  },
  user: {
    shape: USER,
    description:
      "User to run as, by name or number, with a group after `:` if need be. Default: the image's.",
    example: 'user: "1000:1000"',
  },
  working_dir: {
    shape: text(LINE),
    description:
      'Directory to start in: absolute, or below the workspace. Default: the workspace; for services ' +
      "without `commands` the image's own.",
    example: 'working_dir: web',
  },
} satisfies Keys

/** When a step runs, and what follows from how it ends. */
const FLOW_KEYS = {
  depends_on: {
    shape: defined('dependencies', DEPENDENCIES),
    description:
      'Steps that must end before this one starts, by name or as `{name, optional: true}`. With it ' +
      'anywhere in a pipeline, steps without it start right after the checkout and the services; ' +
      'without it anywhere, steps run one after the other.',
    example: 'depends_on: [build]',
  },
  when: {
    shape: defined('conditions', CONDITIONS),
    description: 'Conditions that must hold, or the step is left out.',
    example: 'when:\n  event: tag',
  },
  failure: {
    shape: word<'ignore' | 'fast' | 'fail'>({
      words: {
        ignore: 'ignore',
        fast: 'fast',
        'fast-fail': 'fast',
        'fail-fast': 'fast',
        fail: 'fail',
      },
    }),
    default: 'fail',
    description:
      '`ignore`: a failure of this step does not fail the pipeline. `fast` (or `fast-fail`, ' +
      '`fail-fast`): a failure cancels what is still running.',
    example: 'failure: ignore',
  },
  detach: {
    shape: flag(),
    default: false,
    description:
      'Run in the background: later steps do not wait for its end, only until it has started and ' +
      'its `healthcheck` passes. It is stopped when all other steps have ended, and its result is ' +
      'not counted.',
    example: 'detach: true',
  },
  timeout: {
    shape: duration(),
    origin: 'sandpiper',
    description: 'Time that one try of the step may take, with its unit.',
    example: 'timeout: 10m',
  },
  retry: {
    shape: RETRY,
    origin: 'sandpiper',
    description: 'How often a step that failed is tried again.',
    example: 'retry:\n  count: 2\n  backoff: 10s\n  exit_codes: [7, 28]',
  },
  healthcheck: {
    shape: HEALTHCHECK,
    origin: 'sandpiper',
    description:
      'For services and detached steps: how to find out that it is ready. Steps that depend on it ' +
      'wait until then.',
    example: 'healthcheck:\n  command: pg_isready -U postgres\n  interval: 2s',
  },
} satisfies Keys

/** What a step may use. */
const MEANS_KEYS = {
  resources: {
    shape: defined('resources', RESOURCES),
    description: 'Limits of this step; they win over those of the pipeline.',
    example: 'resources:\n  cpu: 2\n  memory: 1g',
  },
  mem_limit: {
    shape: size(4096),
    description: 'Most memory, e.g. `512m`: the same as `resources.memory`, which wins.',
    example: 'mem_limit: 512m',
  },
  memswap_limit: {
    shape: withoutEffect(size(), 'steps have no swap'),
    description: 'No effect: steps have no swap.',
  },
  shm_size: {
    shape: size(4096),
    description: 'Size of /dev/shm, e.g. `256m`.',
    example: 'shm_size: 256m',
  },
  volumes: {
    shape: MOUNTS,
    description: 'Volumes of the pipeline that this step can use, each at a path.',
    example: 'volumes:\n  - name: cache\n    path: /root/.cache',
  },
  devices: {
    shape: DEVICES,
    description: 'Devices of the host. No runner gives them unless it was set up to.',
    example: 'devices:\n  - name: gpu\n    path: /dev/dri',
  },
  privileged: {
    shape: flag(),
    default: false,
    description:
      'Run without the limits of a sandbox. No runner allows it unless it was set up to: whoever ' +
      'can push could take the host over.',
    example: 'privileged: true',
  },
  network: {
    shape: NETWORK,
    default: 'default',
    origin: 'sandpiper',
    description:
      '`none`: the step reaches nothing but itself. A mapping with `allow`: it reaches services and ' +
      'detached steps, and outside what is listed.',
    example: 'network: none',
  },
  network_mode: {
    shape: text(LINE),
    description:
      '`none` is the same as `network: none`; `bridge` is the default. No runner gives any other ' +
      'network, such as that of its `host`, unless it was set up to.',
    example: 'network_mode: none',
  },
  dns: {
    shape: ADDRESSES,
    description: 'Addresses of name servers to ask.',
    example: 'dns: [192.0.2.53]',
  },
  dns_search: {
    shape: DOMAINS,
    description: 'Domains in which short names are looked up.',
    example: 'dns_search: [example.com]',
  },
  extra_hosts: {
    shape: EXTRA_HOSTS,
    description: 'Names with addresses, added to /etc/hosts.',
    example: 'extra_hosts:\n  - registry.example.com:192.0.2.7',
  },
  ports: {
    shape: PORTS,
    description:
      'Ports that a service listens on. Without a `healthcheck`, steps wait for the first TCP port ' +
      'to be open.',
    example: 'ports: [5432]',
  },
} satisfies Keys

/** What becomes of what a step leaves. */
const RESULT_KEYS = {
  publish: {
    shape: PUBLISH,
    origin: 'sandpiper',
    description:
      'For steps with `commands` and an image: when the step has succeeded, what it wrote outside of the ' +
      'workspace and the volumes becomes a layer on its image, and the new image is pushed.',
    example: 'publish:\n  repo: registry.example.com/octo/hello\n  tags: [latest, "1.2"]',
  },
} satisfies Keys

const BUILD = 'it never had one in Drone either; build images with a plugin'

/** Every key of steps and services. */
export const STEP_KEYS = {
  ...WORK_KEYS,
  ...FLOW_KEYS,
  ...MEANS_KEYS,
  ...RESULT_KEYS,
  build: {
    shape: withoutEffect(ANYTHING, BUILD),
    description: 'No effect, as in Drone: images are built by plugins.',
  },
  push: {
    shape: withoutEffect(ANYTHING, BUILD),
    description: 'No effect, as in Drone: images are pushed by plugins.',
  },
} satisfies Keys
