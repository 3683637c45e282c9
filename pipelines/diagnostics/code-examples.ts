import type { PipelineCode } from './codes.js'

/** A file that gives a code and no other, and the same file put right. Shown in docs/errors.md. */
export interface CodeExample {
  readonly wrong: string
  readonly right: string
  /** Name of the file where that matters; default `.pipeline.yml`. */
  readonly file?: string
  /** Another file of the repo: its path and what is in it. */
  readonly other?: readonly [path: string, text: string]
}

/** What no short file can give. */
type WithoutExample =
  'SP_PIPELINE_TOO_LARGE' | 'SP_PIPELINE_TOO_MANY_PROBLEMS' | 'SP_PIPELINE_INTERNAL'

const HELLO = 'steps: [{ name: hello, commands: [echo hello] }]'

/** An example for every code that can have one. */
export const CODE_EXAMPLES = {
  SP_PIPELINE_YAML: {
    wrong: exec('steps:\n  - name: build: all\n    commands: [make]'),
    right: exec("steps:\n  - name: 'build: all'\n    commands: [make]"),
  },
  SP_PIPELINE_EMPTY: { wrong: '# nothing here yet', right: exec(HELLO) },
  SP_PIPELINE_KIND: {
    wrong: `kind: pipelines\ntype: exec\n${HELLO}`,
    right: exec(HELLO),
  },
  SP_PIPELINE_TYPE: {
    wrong: 'kind: pipeline\ntype: dokcer\nsteps: [{ name: hello, image: busybox, commands: [ls] }]',
    right: 'kind: pipeline\ntype: docker\nsteps: [{ name: hello, image: busybox, commands: [ls] }]',
  },
  SP_PIPELINE_UNKNOWN_KEY: {
    wrong: exec('steps:\n  - name: build\n    commands: [make]\n    depends: [clone]'),
    right: exec('steps:\n  - name: build\n    commands: [make]\n    depends_on: [clone]'),
  },
  SP_PIPELINE_MISSING_KEY: {
    wrong: exec('steps:\n  - name: build'),
    right: exec('steps:\n  - name: build\n    commands: [make]'),
  },
  SP_PIPELINE_VALUE: {
    wrong: exec('steps:\n  - name: build\n    commands: [make]\n    timeout: soon'),
    right: exec('steps:\n  - name: build\n    commands: [make]\n    timeout: 5m'),
  },
  SP_PIPELINE_DUPLICATE_KEY: {
    wrong: exec('steps:\n  - name: build\n    commands: [make]\n    commands: [make test]'),
    right: exec('steps:\n  - name: build\n    commands: [make, make test]'),
  },
  SP_PIPELINE_DUPLICATE_NAME: {
    wrong: exec('steps:\n  - { name: test, commands: [a] }\n  - { name: test, commands: [b] }'),
    right: exec('steps:\n  - { name: test-a, commands: [a] }\n  - { name: test-b, commands: [b] }'),
  },
  SP_PIPELINE_RESERVED_NAME: {
    wrong: exec('steps:\n  - name: clone\n    commands: [git fetch --tags]'),
    right: exec('steps:\n  - name: tags\n    commands: [git fetch --tags]'),
  },
  SP_PIPELINE_UNKNOWN_DEPENDENCY: {
    wrong: exec('steps:\n  - name: test\n    depends_on: [biuld]\n    commands: [make test]'),
    right: exec(
      'steps:\n  - { name: build, commands: [make] }\n' +
        '  - name: test\n    depends_on: [build]\n    commands: [make test]',
    ),
  },
  SP_PIPELINE_CYCLE: {
    wrong: exec(
      'steps:\n  - { name: a, depends_on: [b], commands: [make a] }\n' +
        '  - { name: b, depends_on: [a], commands: [make b] }',
    ),
    right: exec(
      'steps:\n  - { name: a, commands: [make a] }\n' +
        '  - { name: b, depends_on: [a], commands: [make b] }',
    ),
  },
  SP_PIPELINE_GLOB: {
    wrong: exec(`trigger:\n  branch: 'release/[0-9'\n${HELLO}`),
    right: exec(`trigger:\n  branch: 'release/[0-9]'\n${HELLO}`),
  },
  SP_PIPELINE_EXPRESSION: {
    wrong: exec(`trigger:\n  evaluate: 'CI_COMMIT_BRANCH == '\n${HELLO}`),
    right: exec(`trigger:\n  evaluate: 'CI_COMMIT_BRANCH == "main"'\n${HELLO}`),
  },
  SP_PIPELINE_SUBSTITUTION: {
    wrong: exec('steps:\n  - name: greet\n    commands:\n      - echo "${GREETING}"'),
    right: exec('steps:\n  - name: greet\n    commands:\n      - echo "$${GREETING}"'),
  },
  SP_PIPELINE_PARAMETER: {
    wrong: exec(`parameters:\n  replicas: { type: integer, maximum: 20, default: 50 }\n${HELLO}`),
    right: exec(`parameters:\n  replicas: { type: integer, maximum: 20, default: 2 }\n${HELLO}`),
  },
  SP_PIPELINE_MATRIX: {
    wrong: exec(`matrix:\n  CC: { gcc: 12 }\n${HELLO}`),
    right: exec(`matrix:\n  CC: [gcc, clang]\n${HELLO}`),
  },
  SP_PIPELINE_INCLUDE: {
    other: ['ci/lint.yml', '- name: lint\n  commands: [make lint]'],
    wrong: exec('steps:\n  - include: lint.yml\n  - { name: build, commands: [make] }'),
    right: exec('steps:\n  - include: ci/lint.yml\n  - { name: build, commands: [make] }'),
  },
  SP_PIPELINE_WORKSPACE: {
    wrong: exec(`workspace:\n  path: /etc\n${HELLO}`),
    right: exec(`workspace:\n  path: /srv/app\n${HELLO}`),
  },
  SP_PIPELINE_NEEDS_TRUST: {
    wrong:
      'kind: pipeline\nsteps:\n' +
      '  - { name: build, image: busybox, privileged: true, commands: [make] }',
    right: 'kind: pipeline\nsteps:\n  - { name: build, image: busybox, commands: [make] }',
  },
  SP_PIPELINE_NO_EFFECT: {
    wrong: exec(`trigger:\n  event: pull-request\n${HELLO}`),
    right: exec(`trigger:\n  event: pull_request\n${HELLO}`),
  },
  SP_PIPELINE_CONVERTED: {
    file: '.woodpecker.yml',
    wrong:
      'steps:\n  - name: build\n    image: busybox\n    commands: [make]\n' +
      '    backend_options:\n      kubernetes:\n        runtimeClassName: fast',
    right: 'steps:\n  - name: build\n    image: busybox\n    commands: [make]',
  },
  SP_PIPELINE_FOREIGN: {
    wrong: 'pipeline:\n  build:\n    image: busybox\n    commands: [make]',
    right: 'kind: pipeline\nsteps:\n  - { name: build, image: busybox, commands: [make] }',
  },
} as const satisfies Record<Exclude<PipelineCode, WithoutExample>, CodeExample>

function exec(rest: string): string {
  return `kind: pipeline\ntype: exec\n${rest}`
}
