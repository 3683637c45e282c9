import { describe, expect, it } from '@jest/globals'
import { buildEnvironment, stepEnvironment } from '../index.js'
import type { BuildEvent } from '../event.js'
import { pushEvent, REPO } from '../testing/events.js'
import type { BuildEnvironmentInput, BuildFacts } from './facts.js'
import type { StageFacts } from './stage-variables.js'
import { VARIABLES, variableNamed } from './variables.js'

const TIMES = { created: 1000_000, started: 2000_000, finished: 3000_000 }

/** A build about which everything is known. */
const FULL_BUILD: BuildFacts = {
  ...TIMES,
  number: 7,
  parent: 6,
  link: 'https://ci.example.com/octo/hello/7',
  debug: true,
  reruns: 2,
  failedStages: ['lint', 'docs'],
  previous: {
    ...TIMES,
    number: 5,
    parent: 4,
    status: 'failure',
    link: 'https://ci.example.com/octo/hello/5',
    event: fullEvent({ event: 'pull_request_metadata', ref: 'refs/pull/3/head', deployTo: 'qa' }),
  },
}

function fullEvent(facts: Partial<BuildEvent>): BuildEvent {
  return pushEvent({
    action: 'edited',
    title: 'Title',
    author: {
      login: 'cat',
      name: 'Cat',
      email: 'cat@example.com',
      avatar: 'https://x.example.com',
    },
    committed: 500_000,
    deployTask: 'migrate',
    ...facts,
  })
}

/** Events that together set every variable. */
const EVENTS: readonly BuildEvent[] = [
  fullEvent({ changedFiles: ['a', 'b c'] }),
  fullEvent({ event: 'tag', ref: 'refs/tags/v2024.1.2-rc.1+7', branch: '' }),
  fullEvent({ event: 'tag', ref: 'refs/tags/latest' }),
  fullEvent({ event: 'tag', ref: 'refs/tags/v24.1.2-beta' }),
  fullEvent({ event: 'promote', deployTo: 'production', deployId: 3 }),
  fullEvent({ event: 'release', ref: 'refs/tags/v1.0.0', prerelease: true }),
  fullEvent({
    event: 'pull_request_closed',
    ref: 'refs/pull/12/head',
    sourceBranch: 'topic',
    labels: ['bug', 'ui'],
    milestone: '1.0',
    draft: true,
  }),
]

const STAGE: StageFacts = {
  kind: 'pipeline',
  type: 'docker',
  name: 'test',
  number: 2,
  platform: { os: 'linux', arch: 'arm', variant: 'v7', version: '10' },
  dependsOn: ['build'],
  workspace: '/drone/src',
  machine: 'host-1',
  started: 2_000_000,
  clone: { disabled: false, trace: true, skipVerify: true },
}

function inputFor(event: BuildEvent): BuildEnvironmentInput {
  const repo = { ...REPO, forge: 'gitea', remoteId: '99' }
  const system = { link: 'https://ci.example.com', version: '1' }
  return { event, repo, build: FULL_BUILD, system, stage: STAGE }
}

function allEnvironments(): Record<string, string>[] {
  const step = {
    name: 'unit',
    number: 3,
    started: 1,
    type: 'commands',
    link: 'https://ci.example.com/s',
  } as const
  const ssh = { ...REPO, cloneUrl: 'git@git.example.com:octo/hello.git' }
  return [
    ...EVENTS.map((event) => buildEnvironment(inputFor(event))),
    buildEnvironment({ ...inputFor(pushEvent()), repo: ssh }),
    stepEnvironment({ stage: STAGE, step, status: 'failure', failedSteps: ['a'] }),
  ]
}

/** What the compiler, or the runner, gives itself. */
const FROM_ELSEWHERE = ['DRONE_WORKSPACE_PATH', 'SANDPIPER_OUTPUT']

describe('the table of variables', () => {
  const set = new Set(allEnvironments().flatMap((environment) => Object.keys(environment)))

  it('has every name once, and each that is set', () => {
    const names = VARIABLES.map(({ name }) => name)
    expect(names).toEqual([...new Set(names)])
    expect([...set].filter((name) => variableNamed(name) === undefined)).toEqual([])
  })

  it('has no name that is never set, but for those that say so', () => {
    const missing = VARIABLES.filter(({ name, known }) => known !== 'never' && !set.has(name))
    expect(missing.map(({ name }) => name)).toEqual(FROM_ELSEWHERE)
    const absent = VARIABLES.filter(({ known }) => known === 'never').map(({ name }) => name)
    expect(absent.filter((name) => set.has(name))).toEqual([])
  })

  it('says when a name is set', () => {
    const always = VARIABLES.filter(({ when, known }) => when === 'always' && known === 'build')
    const environment = buildEnvironment({ ...inputFor(pushEvent()), build: FULL_BUILD })
    expect(always.map(({ name }) => name).filter((name) => !(name in environment))).toEqual([])
  })

  it('has the names that Drone documents', () => {
    const names = [
      ...['CI', 'DRONE', 'DRONE_SYSTEM_PROTO', 'DRONE_SYSTEM_HOST', 'DRONE_SYSTEM_HOSTNAME'],
      ...['DRONE_REPO_SCM', 'DRONE_REPO_VISIBILITY', 'DRONE_GIT_SSH_URL', 'CI_REMOTE_URL'],
      ...['DRONE_COMMIT_BEFORE', 'DRONE_COMMIT_AUTHOR_AVATAR', 'CI_COMMIT_AUTHOR_NAME'],
      ...['DRONE_BUILD_DEBUG', 'DRONE_BUILD_TRIGGER', 'DRONE_DEPLOY_ID', 'DRONE_FAILED_STAGES'],
      ...['DRONE_PULL_REQUEST_TITLE', 'DRONE_SEMVER_ERROR', 'DRONE_CALVER_MAJOR_MINOR'],
      ...['CI_PARENT_BUILD_NUMBER', 'CI_BUILD_TARGET', 'DRONE_STAGE_VARIANT', 'DRONE_CARD_PATH'],
      ...['DRONE_FAILED_STEPS', 'DRONE_WORKSPACE_BASE', 'DRONE_NETRC_FILE', 'GIT_TERMINAL_PROMPT'],
      ...['CI_PREV_COMMIT_URL', 'CI_PIPELINE_FILES', 'CI_COMMIT_PULL_REQUEST_DRAFT'],
      ...['CI_STEP_URL', 'CI_WORKFLOW_NUMBER', 'CI_FORGE_TYPE', 'CI_REPO_TRUSTED_SECURITY'],
    ]
    expect(names.filter((name) => variableNamed(name) === undefined)).toEqual([])
  })
})

describe("Woodpecker's variables", () => {
  const pull = EVENTS[6] as BuildEvent

  it('tell of pull requests, in its words', () => {
    expect(buildEnvironment(inputFor(pull))).toMatchObject({
      CI_COMMIT_REFSPEC: 'topic:main',
      CI_COMMIT_SOURCE_BRANCH: 'topic',
      CI_COMMIT_TARGET_BRANCH: 'main',
      CI_COMMIT_PULL_REQUEST: '12',
      CI_COMMIT_PULL_REQUEST_LABELS: 'bug,ui',
      CI_PIPELINE_EVENT_REASON: 'edited',
      CI_PREV_PIPELINE_NUMBER: '5',
      CI_PREV_COMMIT_REF: 'refs/pull/3/head',
      CI_PIPELINE_STATUS: 'failure',
      DRONE_FAILED_STAGES: 'lint,docs',
    })
  })

  it.each([
    ['custom', 'manual', 'octocat'],
    ['promote', 'deployment', 'octocat'],
    ['rollback', 'deployment', 'octocat'],
    ['cron', 'cron', '@cron'],
    ['release', 'release', '@hook'],
  ] as const)('call the event %s %s; its trigger is %s', (event, name, trigger) => {
    const environment = buildEnvironment(inputFor(pushEvent({ event })))
    expect(environment['CI_PIPELINE_EVENT']).toBe(name)
    expect(environment['DRONE_BUILD_TRIGGER']).toBe(trigger)
  })

  it('hold changed files as JSON, when there are not too many', () => {
    const filesOf = (changedFiles: string[]) =>
      buildEnvironment(inputFor(pushEvent({ changedFiles })))['CI_PIPELINE_FILES']
    expect(filesOf(['a', 'b "c"'])).toBe('["a","b \\"c\\""]')
    expect(filesOf([])).toBe('[]')
    expect(filesOf(Array.from({ length: 501 }, String))).toBeUndefined()
  })

  it('win over those of Drone with the same name in its files only', () => {
    const input = inputFor(pushEvent())
    const ours = buildEnvironment(input)
    const theirs = buildEnvironment({ ...input, stage: { ...STAGE, dialect: 'woodpecker' } })
    const changed = Object.keys(theirs).filter((name) => theirs[name] !== ours[name])
    expect(changed.sort()).toEqual(['CI', 'CI_COMMIT_AUTHOR', 'CI_REPO_NAME'])
    expect(theirs).toMatchObject({ CI: 'woodpecker', CI_REPO_NAME: 'hello' })
    expect(ours).toMatchObject({ CI: 'true', CI_REPO_NAME: 'octo/hello' })
  })
})

describe('a build', () => {
  it('gives no credentials to steps', () => {
    const cloneUrl = 'https://user:hunter2@git.example.com/octo/hello.git'
    const environment = buildEnvironment({ ...inputFor(pushEvent()), repo: { ...REPO, cloneUrl } })
    expect(JSON.stringify(environment)).not.toContain('hunter2')
    expect(Object.keys(environment).filter((name) => name.includes('NETRC'))).toEqual([])
  })

  it('has failed for a step of a stage that has not', () => {
    const step = { name: 'unit', number: 3 }
    const own = stepEnvironment({ stage: STAGE, step, status: 'success', failedSteps: [] })
    expect({ ...buildEnvironment(inputFor(pushEvent())), ...own }).toMatchObject({
      DRONE_STAGE_STATUS: 'success',
      DRONE_BUILD_STATUS: 'failure',
    })
  })
})
