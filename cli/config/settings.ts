import { DISK_SETTINGS } from './disk-settings.js'
import { STORE_SETTINGS } from './store-settings.js'
import { FORGE_SETTINGS } from './forge-settings.js'
import { IMAGE_SETTINGS } from './image-settings.js'
import { LOG_SETTINGS } from './log-settings.js'
import { SECRET_SETTINGS } from './secret-settings.js'
import { NETWORK_SETTINGS } from './network-settings.js'
import { STEP_SETTINGS } from './step-settings.js'
import { PEOPLE_SETTINGS } from './people-settings.js'
import {
  bytes,
  duration,
  hosts,
  integer,
  labels,
  listenAddress,
  oneOf,
  path,
  period,
  redisAddress,
  text,
  url,
  type ValueType,
} from './values.js'

/** What a setting is for; a command reads the settings of its scope. */
export type Scope =
  | 'standalone'
  | 'server'
  | 'runner'
  | 'exec'
  | 'image'
  | 'sandbox'
  | 'client'
  | 'doctor'
  | 'scripts'
  | 'backup'

/** One setting: a variable, and a flag where it has one. The README's table is made from these. */
export interface Setting<T> {
  readonly env: `SANDPIPER_${string}`
  /** Without dashes; absent when there is only the variable. */
  readonly flag?: string
  readonly type: ValueType<T>
  /** Text of the default, parsed like any other; absent when there is none. */
  readonly default?: string
  /** What the table shows as default instead, where it is computed. */
  readonly defaultText?: string
  /** A secret is not repeated in messages, and may also be in a file, named by the variable with `_FILE`. */
  readonly secret?: true
  readonly description: string
  readonly scopes: readonly Scope[]
}

const SERVER: readonly Scope[] = ['standalone', 'server']
const RUNNER: readonly Scope[] = ['standalone', 'runner']
const STEPS: readonly Scope[] = ['standalone', 'runner', 'exec']

/** Every setting there is. Grow it, don't rename: operators script against these names. */
export const SETTINGS = {
  data: define({
    env: 'SANDPIPER_DATA',
    flag: 'data',
    type: path,
    defaultText: '/var/lib/sandpiper as root, else ~/.local/share/sandpiper',
    description: 'Directory of everything that must survive: database, logs, layers, keys',
    scopes: [
      'standalone',
      'server',
      'runner',
      'exec',
      'image',
      'sandbox',
      'client',
      'doctor',
      'backup',
    ],
  }),
  listen: define({
    env: 'SANDPIPER_LISTEN',
    flag: 'listen',
    type: listenAddress,
    default: '127.0.0.1:8000',
    description: 'Address of the HTTP server; port 0 takes any free one',
    scopes: SERVER,
  }),
  publicUrl: define({
    env: 'SANDPIPER_PUBLIC_URL',
    flag: 'public-url',
    type: url(['http', 'https']),
    defaultText: 'http:// and the listening address',
    description: 'Address that people and hooks reach the server by, as it stands in links',
    scopes: SERVER,
  }),
  redisUrl: define({
    env: 'SANDPIPER_REDIS_URL',
    flag: 'redis-url',
    type: redisAddress,
    secret: true,
    defaultText: 'a private redis-server',
    description: 'Redis shared by servers and runners; required for `runner`',
    scopes: ['standalone', 'server', 'runner'],
  }),
  redisPrefix: define({
    env: 'SANDPIPER_REDIS_PREFIX',
    flag: 'redis-prefix',
    type: text,
    default: 'sandpiper',
    description: 'Prefix of every key in Redis; one prefix is one Sandpiper',
    scopes: ['standalone', 'server', 'runner'],
  }),
  adminToken: define({
    env: 'SANDPIPER_ADMIN_TOKEN',
    type: text,
    secret: true,
    defaultText: 'made on first start',
    description:
      'Token of the API; when not set it is kept in the file admin-token of the data directory',
    scopes: SERVER,
  }),
  metricsToken: define({
    env: 'SANDPIPER_METRICS_TOKEN',
    type: text,
    secret: true,
    defaultText: 'none',
    description: 'Token that `/metrics` takes beside the admin token, for Prometheus',
    scopes: SERVER,
  }),
  pipelineFile: define({
    env: 'SANDPIPER_PIPELINE_FILE',
    flag: 'pipeline-file',
    type: text,
    default: '.pipeline.yml',
    description: 'Name of the pipeline file in a repo',
    scopes: SERVER,
  }),
  hookBodyMax: define({
    env: 'SANDPIPER_HOOK_BODY_MAX',
    flag: 'hook-body-max',
    type: bytes,
    default: '25m',
    description: 'Largest webhook body that is read',
    scopes: SERVER,
  }),
  lease: define({
    env: 'SANDPIPER_LEASE',
    flag: 'lease',
    type: duration,
    default: '30s',
    description: 'How long a stage stays with a runner that is silent before another one gets it',
    scopes: SERVER,
  }),
  reconcile: define({
    env: 'SANDPIPER_RECONCILE',
    flag: 'reconcile',
    type: period,
    default: '2s',
    description: 'How often the database and the queues are compared',
    scopes: SERVER,
  }),
  ...FORGE_SETTINGS,
  ...LOG_SETTINGS,
  heartbeat: define({
    env: 'SANDPIPER_HEARTBEAT',
    flag: 'heartbeat',
    type: period,
    default: '5s',
    description: 'How often a runner tells that it is alive; keep it well below the lease',
    scopes: RUNNER,
  }),
  logLevel: define({
    env: 'SANDPIPER_LOG_LEVEL',
    flag: 'log-level',
    type: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    defaultText: 'info; warn when stderr is a terminal',
    description: 'How much the processes themselves log',
    scopes: ['standalone', 'server', 'runner'],
  }),
  machine: define({
    env: 'SANDPIPER_MACHINE',
    flag: 'machine',
    type: text,
    defaultText: 'the host name',
    description: 'Name that a runner shows itself by',
    scopes: STEPS,
  }),
  capacity: define({
    env: 'SANDPIPER_CAPACITY',
    flag: 'capacity',
    type: integer(1, 256),
    default: '2',
    description: 'Stages that a runner works on at a time',
    scopes: RUNNER,
  }),
  runnerLabels: define({
    env: 'SANDPIPER_RUNNER_LABELS',
    flag: 'labels',
    type: labels,
    defaultText: 'none',
    description:
      'Labels of a runner, `key=value,key=value`: it takes pipelines that ask for these and no others',
    scopes: RUNNER,
  }),
  submoduleHosts: define({
    env: 'SANDPIPER_SUBMODULE_HOSTS',
    flag: 'submodule-hosts',
    type: hosts,
    defaultText: 'none',
    description:
      "Hosts (`host` or `host:port`) that submodules may come from beside the repo's own; `*` is any",
    scopes: RUNNER,
  }),
  ...PEOPLE_SETTINGS,
  ...NETWORK_SETTINGS,
  ...IMAGE_SETTINGS,
  ...SECRET_SETTINGS,
  ...STEP_SETTINGS,
  ...DISK_SETTINGS,
  ...STORE_SETTINGS,
  server: define({
    env: 'SANDPIPER_SERVER',
    flag: 'server',
    type: url(['http', 'https']),
    defaultText: 'the file address of the data directory',
    description: 'Server that client commands talk to',
    scopes: ['client'],
  }),
  token: define({
    env: 'SANDPIPER_TOKEN',
    flag: 'token',
    type: text,
    secret: true,
    defaultText: 'the file admin-token of the data directory',
    description: 'API token of client commands; prefer the variable, a flag shows in process lists',
    scopes: ['client'],
  }),
  debug: define({
    env: 'SANDPIPER_DEBUG',
    type: oneOf(['0', '1']),
    default: '0',
    description: '1 prints where an unexpected error came from',
    scopes: ['standalone', 'server', 'runner', 'exec', 'image', 'sandbox', 'client'],
  }),
  setupPackages: define({
    env: 'SANDPIPER_SETUP_PACKAGES',
    type: oneOf(['install', 'skip']),
    default: 'install',
    description: '`skip` keeps `npm run setup` from checking and installing Debian packages',
    scopes: ['scripts'],
  }),
  testSandbox: define({
    env: 'SANDPIPER_TEST_SANDBOX',
    type: oneOf(['0', '1']),
    defaultText: 'what the host can do',
    description: '`0` leaves out the tests that make sandboxes; set by `npm test` itself',
    scopes: ['scripts'],
  }),
  testLauncher: define({
    env: 'SANDPIPER_TEST_LAUNCHER',
    type: path,
    defaultText: 'the one in native/build',
    description: 'Launcher that the sandbox tests use, such as one built with sanitizers',
    scopes: ['scripts'],
  }),
  testSlowness: define({
    env: 'SANDPIPER_TEST_SLOWNESS',
    type: integer(1, 1000),
    defaultText: '1',
    description: 'How many times longer than usual a test may take; `npm run test:vm` sets it',
    scopes: ['scripts'],
  }),
  corpus: define({
    env: 'SANDPIPER_CORPUS',
    type: path,
    defaultText: 'none',
    description: 'Directory of real pipeline files that the language is tested with',
    scopes: ['scripts'],
  }),
} as const

export type SettingKey = keyof typeof SETTINGS

type ValueOf<S> = S extends Setting<infer T> ? T : never

/** Values of all settings; undefined where neither a variable, a flag nor a default gives one. */
export type SettingValues = {
  readonly [K in SettingKey]: ValueOf<(typeof SETTINGS)[K]> | undefined
}

/** The settings of a scope, in the table's order. */
export function settingsOf(scope: Scope): readonly (readonly [SettingKey, Setting<unknown>])[] {
  return allSettings().filter(([, setting]) => setting.scopes.includes(scope))
}

/** All settings as key and definition. */
export function allSettings(): readonly (readonly [SettingKey, Setting<unknown>])[] {
  return Object.entries(SETTINGS) as unknown as readonly (readonly [SettingKey, Setting<unknown>])[]
}

function define<T>(setting: Setting<T>): Setting<T> {
  return setting
}
