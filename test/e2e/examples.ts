/** What an example does on a push to main, outside of git. */
export interface Outcome {
  /** Exit code of `sandpiper exec`. Default: 0. */
  readonly code?: number
  /** How pipelines end, and their steps: `pipeline/step`. What is left out is not there. */
  readonly statuses: Readonly<Record<string, string>>
  /** What the log has somewhere. */
  readonly log: readonly string[]
  /** What the log has nowhere. */
  readonly never?: readonly string[]
}

const DONE = 'success'

/** `docs/pipeline/examples/NAME.yml`, and what comes of it. */
export const OUTCOMES: Readonly<Record<string, Outcome>> = {
  first: {
    statuses: { hello: DONE, 'hello/greet': DONE, 'hello/check': DONE },
    log: ['hello, main', 'step release does not run'],
  },
  pipelines: {
    statuses: { build: DONE, 'build/compile': DONE, deploy: DONE, 'deploy/upload': DONE },
    log: ['compiled', 'deployed'],
  },
  graph: {
    statuses: {
      graph: DONE,
      ...{ 'graph/build': DONE, 'graph/unit': DONE, 'graph/style': DONE, 'graph/report': DONE },
    },
    log: ['| made', 'all done'],
  },
  matrix: {
    statuses: {
      ...{ 'test (1.22, sqlite)': DONE, 'test (1.22, sqlite)/test': DONE },
      ...{ 'test (1.23, mysql)': DONE, 'test (1.23, mysql)/test': DONE },
      ...{ 'test (1.23, sqlite)': DONE, 'test (1.23, sqlite)/test': DONE },
      ...{ 'test (1.24, sqlite, true)': DONE, 'test (1.24, sqlite, true)/test': DONE },
      'test (1.24, sqlite, true)/race': DONE,
    },
    log: ['| go 1.22 on sqlite', '| go 1.24 on sqlite', '| race detector with 1.24'],
    never: ['race detector with 1.23'],
  },
  conditions: {
    statuses: { conditions: DONE, 'conditions/build': DONE },
    log: ['| built', 'step on-tags-only does not run: the event is `push`'],
  },
  alternatives: {
    statuses: { alternatives: DONE, 'alternatives/test': DONE },
    log: ['| tested', 'step publish does not run: none of its 2 alternatives holds'],
  },
  // Outside of git nobody knows what changed, so conditions on paths hold.
  paths: {
    statuses: { paths: DONE, 'paths/code': DONE, 'paths/pages': DONE },
    log: ['| testing the code', '| building the pages'],
  },
  evaluate: {
    statuses: { evaluate: DONE, 'evaluate/main': DONE },
    log: ['| a push to the main branch', 'step deploy does not run: the expression'],
  },
  timeout: {
    statuses: { timeout: DONE, 'timeout/slow': 'killed', 'timeout/next': DONE },
    log: ['killed: time limit 1s', '| went on'],
  },
  retry: {
    statuses: { retry: DONE, 'retry/flaky': DONE },
    log: ['failed: exit code 7', 'attempt 2 of 4 in 100ms'],
    never: ['attempt 3 of 4'],
  },
  resources: {
    statuses: { resources: DONE, 'resources/small': DONE, 'resources/greedy': 'killed' },
    log: ['| within the limits', 'killed: memory limit 32 MiB'],
  },
  'network-none': {
    statuses: {
      ...{ network: DONE, 'network/web': DONE },
      ...{ 'network/connected': DONE, 'network/alone': DONE },
    },
    log: ['| from the service', '| reaches nothing'],
  },
  concurrency: {
    statuses: { deploy: DONE, 'deploy/upload': DONE },
    log: ['| one at a time'],
  },
  outputs: {
    statuses: { outputs: DONE, 'outputs/version': DONE, 'outputs/use': DONE },
    log: ['outputs: VERSION, NOTES', '| version 1.2.3', '| first line', '| second line'],
  },
  'optional-dependencies': {
    statuses: { optional: DONE, 'optional/test': DONE, 'optional/report': DONE },
    log: ['| tested', '| reported'],
  },
  'healthcheck-command': {
    statuses: { database: DONE, 'database/database': DONE, 'database/query': DONE },
    log: ['not ready (1 of 50): exit code 1', 'ready after', '| the database is up'],
  },
  'healthcheck-port': {
    statuses: { web: DONE, 'web/web': DONE, 'web/get': DONE },
    log: ['port 8080 is open, tried every 200ms', 'ready after', '| served'],
  },
  detach: {
    statuses: { detached: DONE, 'detached/server': DONE, 'detached/test': DONE },
    log: ['| main', 'ended: the other steps are done'],
  },
  include: {
    statuses: { include: DONE, 'include/lint': DONE, 'include/build': DONE },
    log: ['| looking at src', '| built'],
  },
  template: {
    statuses: { greeter: DONE, 'greeter/test': DONE },
    log: ['| testing greeter of main'],
  },
  plugin: {
    statuses: { plugin: DONE, 'plugin/publish': DONE },
    log: [
      '| PLUGIN_DRY_RUN=true',
      '| PLUGIN_LABELS={"level":3,"team":"ci"}',
      '| PLUGIN_REPO=octo/hello',
      '| PLUGIN_TAGS=latest,1.2',
    ],
  },
  failure: {
    code: 1,
    statuses: {
      ...{ failure: 'failure', 'failure/lint': 'failure', 'failure/test': 'failure' },
      ...{ 'failure/deploy': 'skipped', 'failure/tell': DONE },
    },
    log: ['| a comma is missing', '| test failed'],
    never: ['| deployed'],
  },
  'end-early': {
    statuses: {
      'end-early': DONE,
      'end-early/is-there-anything-to-do': DONE,
      'end-early/work': 'skipped',
    },
    log: ['exit code 78: the stage ends here as a success'],
    never: ['| working'],
  },
  volumes: {
    statuses: { volumes: DONE, 'volumes/fill': DONE, 'volumes/look': DONE },
    log: ['| kept', '| quick'],
  },
  substitution: {
    statuses: { substitution: DONE, 'substitution/show': DONE },
    log: ['| 00000000 hello-main.txt info', '| hello and hello'],
  },
}
