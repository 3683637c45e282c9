/** What an example does, outside of git. */
export interface Outcome {
  /** Name of the file without its ending. */
  readonly example: string
  /** Options of `sandpiper exec`. Default: none, which is a push to main. */
  readonly args?: readonly string[]
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

/** The files of `docs/pipeline/examples`, and what comes of them. */
export const OUTCOMES: readonly Outcome[] = [
  {
    example: 'first',
    statuses: { hello: DONE, 'hello/greet': DONE, 'hello/check': DONE },
    log: ['hello, main', 'step release does not run'],
  },
  {
    example: 'pipelines',
    statuses: { build: DONE, 'build/compile': DONE, deploy: DONE, 'deploy/upload': DONE },
    log: ['compiled', 'deployed'],
  },
  {
    example: 'graph',
    statuses: {
      graph: DONE,
      ...{ 'graph/build': DONE, 'graph/unit': DONE, 'graph/style': DONE, 'graph/report': DONE },
    },
    log: ['| made', 'all done'],
  },
  {
    example: 'matrix',
    statuses: Object.fromEntries(
      [
        'test (GO=1.22, DATABASE=sqlite)',
        'test (GO=1.23, DATABASE=mysql)',
        'test (GO=1.23, DATABASE=sqlite)',
        'test (GO=1.24, DATABASE=sqlite, RACE=true)',
      ]
        .flatMap((stage) => [stage, `${stage}/test`])
        .concat('test (GO=1.24, DATABASE=sqlite, RACE=true)/race')
        .map((name) => [name, DONE]),
    ),
    log: ['| go 1.22 on sqlite', '| go 1.24 on sqlite', '| race detector with 1.24'],
    never: ['race detector with 1.23'],
  },
  {
    example: 'parameters',
    args: ['--event', 'custom', '--param', 'version=v7', '--param', 'replicas=3'],
    statuses: { deploy: DONE, 'deploy/deploy': DONE },
    log: ['deploying v7 to staging, 3 times'],
  },
  {
    example: 'conditions',
    statuses: { conditions: DONE, 'conditions/build': DONE },
    log: ['| built', 'step on-tags-only does not run: the event is `push`'],
  },
  {
    example: 'conditions',
    args: ['--tag', 'v1.0', '--branch', 'main'],
    statuses: { conditions: DONE, 'conditions/build': DONE, 'conditions/on-tags-only': DONE },
    log: ['| tag v1.0'],
  },
  {
    example: 'alternatives',
    statuses: { alternatives: DONE, 'alternatives/test': DONE },
    log: ['| tested', 'step publish does not run: none of its 2 alternatives holds'],
  },
  {
    example: 'alternatives',
    args: ['--tag', 'v1.0'],
    statuses: { alternatives: DONE, 'alternatives/test': DONE, 'alternatives/publish': DONE },
    log: ['| tested', '| published'],
  },
  {
    // Outside of git nobody knows what changed, so conditions on paths hold.
    example: 'paths',
    statuses: { paths: DONE, 'paths/code': DONE, 'paths/pages': DONE },
    log: ['| testing the code', '| building the pages'],
  },
  {
    example: 'paths',
    args: ['--changed', 'docs/guide.md'],
    statuses: { paths: DONE, 'paths/pages': DONE },
    log: ['| building the pages', 'step code does not run: every changed file is excluded'],
  },
  {
    example: 'paths',
    args: ['--changed', 'README.md', '--message', 'Mend it [all]'],
    statuses: { paths: DONE, 'paths/pages': DONE },
    log: ['| building the pages'],
  },
  {
    example: 'evaluate',
    args: ['--branch', 'work', '--message', 'deploy it'],
    statuses: { evaluate: DONE, 'evaluate/deploy': DONE },
    log: ['| deploying', 'step main does not run: the expression'],
  },
  {
    example: 'evaluate',
    statuses: { evaluate: DONE, 'evaluate/main': DONE },
    log: ['| a push to the main branch', 'step deploy does not run: the expression'],
  },
  {
    example: 'timeout',
    statuses: { timeout: DONE, 'timeout/slow': 'killed', 'timeout/next': DONE },
    log: ['killed: time limit 1s', '| went on'],
  },
  {
    example: 'retry',
    statuses: { retry: DONE, 'retry/flaky': DONE },
    log: ['failed: exit code 7', 'attempt 2 of 4 in 100ms'],
    never: ['attempt 3 of 4'],
  },
  {
    example: 'resources',
    statuses: { resources: DONE, 'resources/small': DONE, 'resources/greedy': 'killed' },
    log: ['| within the limits', 'killed: memory limit 32 MiB'],
  },
  {
    example: 'network-allow',
    statuses: { allowed: DONE, 'allowed/web': DONE, 'allowed/fetch': DONE },
    log: ['| from the service', '| nothing else'],
  },
  {
    example: 'network-none',
    statuses: {
      ...{ network: DONE, 'network/web': DONE },
      ...{ 'network/connected': DONE, 'network/alone': DONE },
    },
    log: ['| from the service', '| reaches nothing'],
  },
  {
    example: 'concurrency',
    statuses: { deploy: DONE, 'deploy/upload': DONE },
    log: ['| one at a time'],
  },
  {
    example: 'outputs',
    statuses: { outputs: DONE, 'outputs/version': DONE, 'outputs/use': DONE },
    log: ['outputs: VERSION, NOTES', '| version 1.2.3', '| first line', '| second line'],
  },
  {
    example: 'optional-dependencies',
    statuses: { optional: DONE, 'optional/test': DONE, 'optional/report': DONE },
    log: ['| tested', '| reported'],
  },
  {
    example: 'healthcheck-command',
    statuses: { database: DONE, 'database/database': DONE, 'database/query': DONE },
    log: ['not ready (1 of 50): exit code 1', 'ready after', '| the database is up'],
  },
  {
    example: 'healthcheck-port',
    statuses: { web: DONE, 'web/web': DONE, 'web/get': DONE },
    log: ['port 8080 is open, tried every 200ms', 'ready after', '| served'],
  },
  {
    example: 'detach',
    statuses: { detached: DONE, 'detached/server': DONE, 'detached/test': DONE },
    log: ['| main', 'ended: the other steps are done'],
  },
  {
    example: 'include',
    statuses: { include: DONE, 'include/lint': DONE, 'include/build': DONE },
    log: ['| looking at src', '| built'],
  },
  {
    example: 'template',
    statuses: { greeter: DONE, 'greeter/test': DONE },
    log: ['| testing greeter of main'],
  },
  {
    example: 'plugin',
    statuses: { plugin: DONE, 'plugin/publish': DONE },
    log: [
      '| PLUGIN_DRY_RUN=true',
      '| PLUGIN_LABELS={"level":3,"team":"ci"}',
      '| PLUGIN_REPO=octo/hello',
      '| PLUGIN_TAGS=latest,1.2',
    ],
  },
  {
    example: 'build-image',
    statuses: { 'build-image': DONE, 'build-image/write': DONE, 'build-image/image': DONE },
    log: [
      '[3/3] RUN echo "$GREETING from a RUN" > /greeting',
      'built; nothing is pushed, as the settings say',
    ],
  },
  {
    example: 'publish',
    statuses: { publish: DONE, 'publish/test': DONE },
    log: ['| tested', 'step image does not run'],
  },
  {
    example: 'failure',
    code: 1,
    statuses: {
      ...{ failure: 'failure', 'failure/lint': 'failure', 'failure/test': 'failure' },
      ...{ 'failure/deploy': 'skipped', 'failure/tell': DONE },
    },
    log: ['| a comma is missing', '| test failed'],
    never: ['| deployed'],
  },
  {
    example: 'end-early',
    statuses: {
      'end-early': DONE,
      'end-early/is-there-anything-to-do': DONE,
      'end-early/work': 'skipped',
    },
    log: ['exit code 78: the stage ends here as a success'],
    never: ['| working'],
  },
  {
    example: 'volumes',
    statuses: { volumes: DONE, 'volumes/fill': DONE, 'volumes/look': DONE },
    log: ['| kept', '| quick'],
  },
  {
    example: 'substitution',
    statuses: { substitution: DONE, 'substitution/show': DONE },
    log: ['| 00000000 hello-main.txt info', '| hello and hello'],
  },
]
