import { RESOURCE_BOUNDS } from '../../pipelines/resource-bounds.js'
import { DISK_SETTINGS } from './disk-settings.js'
import { FORGE_SETTINGS } from './forge-settings.js'
import { IMAGE_SETTINGS } from './image-settings.js'
import { NETWORK_SETTINGS } from './network-settings.js'
import {
  bytes,
  bytesWithin,
  cpus,
  duration,
  hosts,
  integer,
  integerWithin,
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
    scopes: ['standalone', 'server', 'runner', 'exec', 'image', 'sandbox', 'client', 'doctor'],
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
  ...NETWORK_SETTINGS,
  ...IMAGE_SETTINGS,
  stepMemory: define({
    env: 'SANDPIPER_STEP_MEMORY',
    flag: 'step-memory',
    type: bytesWithin(RESOURCE_BOUNDS.memoryBytes),
    defaultText: '2g',
    description: 'Memory limit of a step; no swap comes on top',
    scopes: STEPS,
  }),
  stepCpus: define({
    env: 'SANDPIPER_STEP_CPUS',
    flag: 'step-cpus',
    type: cpus,
    defaultText: 'no limit',
    description: 'CPU limit of a step',
    scopes: STEPS,
  }),
  stepPids: define({
    env: 'SANDPIPER_STEP_PIDS',
    flag: 'step-pids',
    type: integerWithin(RESOURCE_BOUNDS.pids),
    defaultText: '1024',
    description: 'Processes and threads that a step may have at a time, with its init',
    scopes: STEPS,
  }),
  stepCpuWeight: define({
    env: 'SANDPIPER_STEP_CPU_WEIGHT',
    flag: 'step-cpu-weight',
    type: integerWithin(RESOURCE_BOUNDS.cpuWeight),
    defaultText: '100',
    description: "Share of the CPUs of a step while others want them too: with 200 twice of 100's",
    scopes: STEPS,
  }),
  ...DISK_SETTINGS,
  stepOpenFiles: define({
    env: 'SANDPIPER_STEP_OPEN_FILES',
    flag: 'step-open-files',
    type: integerWithin(RESOURCE_BOUNDS.openFiles),
    defaultText: "65536, of which a program gets 1024 unless it asks; at most the runner's own",
    description: 'Files that each process of a step may have open',
    scopes: STEPS,
  }),
  stepMemoryMax: define({
    env: 'SANDPIPER_STEP_MEMORY_MAX',
    flag: 'step-memory-max',
    type: bytesWithin(RESOURCE_BOUNDS.memoryBytes),
    defaultText: 'the memory limit of a step',
    description: 'Memory that a step may ask for in its `resources`',
    scopes: STEPS,
  }),
  stepCpusMax: define({
    env: 'SANDPIPER_STEP_CPUS_MAX',
    flag: 'step-cpus-max',
    type: cpus,
    defaultText: 'the CPU limit of a step',
    description: 'CPUs that a step may ask for in its `resources`',
    scopes: STEPS,
  }),
  stepPidsMax: define({
    env: 'SANDPIPER_STEP_PIDS_MAX',
    flag: 'step-pids-max',
    type: integerWithin(RESOURCE_BOUNDS.pids),
    defaultText: 'the processes that a step may have',
    description: 'Processes and threads that a step may ask for in its `resources`',
    scopes: STEPS,
  }),
  stepCpuWeightMax: define({
    env: 'SANDPIPER_STEP_CPU_WEIGHT_MAX',
    flag: 'step-cpu-weight-max',
    type: integerWithin(RESOURCE_BOUNDS.cpuWeight),
    defaultText: 'the CPU weight of a step',
    description: 'CPU weight that a step may ask for in its `resources`',
    scopes: STEPS,
  }),
  stepDiskMax: define({
    env: 'SANDPIPER_STEP_DISK_MAX',
    flag: 'step-disk-max',
    type: bytesWithin(RESOURCE_BOUNDS.diskBytes),
    defaultText: 'the disk of a step',
    description: 'Disk that a step may ask for in its `resources`',
    scopes: STEPS,
  }),
  stepOpenFilesMax: define({
    env: 'SANDPIPER_STEP_OPEN_FILES_MAX',
    flag: 'step-open-files-max',
    type: integerWithin(RESOURCE_BOUNDS.openFiles),
    defaultText: 'the open files of a step',
    description: 'Open files that a step may ask for in its `resources`',
    scopes: STEPS,
  }),
  stepOutputMax: define({
    env: 'SANDPIPER_STEP_OUTPUT_MAX',
    flag: 'step-output-max',
    type: bytesWithin(RESOURCE_BOUNDS.outputBytes),
    defaultText: 'the bytes that a step may print',
    description: 'Output that a step may ask for in its `resources`',
    scopes: STEPS,
  }),
  stepTimeout: define({
    env: 'SANDPIPER_STEP_TIMEOUT',
    flag: 'step-timeout',
    type: duration,
    defaultText: "no limit but the stage's",
    description: 'Wall time of a step that asks for none with `timeout`',
    scopes: STEPS,
  }),
  stepTimeoutMax: define({
    env: 'SANDPIPER_STEP_TIMEOUT_MAX',
    flag: 'step-timeout-max',
    type: duration,
    defaultText: 'the wall time of a step',
    description: 'Wall time that a step may ask for with `timeout`',
    scopes: STEPS,
  }),
  stepGrace: define({
    env: 'SANDPIPER_STEP_GRACE',
    flag: 'step-grace',
    type: duration,
    default: '10s',
    description: 'Time between asking a step to end (SIGTERM) and ending it (SIGKILL)',
    scopes: STEPS,
  }),
  stepOutput: define({
    env: 'SANDPIPER_STEP_OUTPUT',
    flag: 'step-output',
    type: bytesWithin(RESOURCE_BOUNDS.outputBytes),
    default: '64m',
    description: 'Bytes that a step may print',
    scopes: STEPS,
  }),
  stepLines: define({
    env: 'SANDPIPER_STEP_LINES',
    flag: 'step-lines',
    type: integer(1, 1_000_000_000),
    default: '1000000',
    description: 'Lines that a step may print',
    scopes: STEPS,
  }),
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
