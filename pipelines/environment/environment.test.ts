import { describe, expect, it } from '@jest/globals'
import { buildEnvironment, stepEnvironment } from '../index.js'
import type { BuildEvent, RepoFacts } from '../event.js'
import { pushEvent, REPO } from '../testing/events.js'
import type { BuildFacts, SystemFacts } from './build-environment.js'
import { calverVariables, semverVariables } from './tag-versions.js'

const BUILD: BuildFacts = {
  number: 42,
  parent: 0,
  created: 1_700_000_000_999,
  link: 'https://ci.example.com:8443/octo/hello/42',
}
const SYSTEM: SystemFacts = { link: 'https://ci.example.com:8443', version: '0.1.0' }

function environmentOf(
  facts: Partial<BuildEvent> = {},
  repo: Partial<RepoFacts> = {},
  build: Partial<BuildFacts> = {},
): Record<string, string> {
  return buildEnvironment({
    event: pushEvent(facts),
    repo: { ...REPO, ...repo },
    build: { ...BUILD, ...build },
    system: SYSTEM,
  })
}

describe('the variables of a build', () => {
  it('are those of Drone, its legacy names, and ours', () => {
    expect(environmentOf()).toEqual({
      CI: 'true',
      DRONE: 'true',
      DRONE_SYSTEM_PROTO: 'https',
      DRONE_SYSTEM_HOST: 'ci.example.com:8443',
      DRONE_SYSTEM_HOSTNAME: 'ci.example.com',
      DRONE_SYSTEM_VERSION: '0.1.0',
      DRONE_REPO: 'octo/hello',
      DRONE_REPO_SCM: 'git',
      DRONE_REPO_OWNER: 'octo',
      DRONE_REPO_NAMESPACE: 'octo',
      DRONE_REPO_NAME: 'hello',
      DRONE_REPO_LINK: 'https://git.example.com/octo/hello',
      DRONE_REPO_BRANCH: 'main',
      DRONE_REPO_VISIBILITY: 'public',
      DRONE_REPO_PRIVATE: 'false',
      DRONE_REMOTE_URL: 'https://git.example.com/octo/hello.git',
      DRONE_GIT_HTTP_URL: 'https://git.example.com/octo/hello.git',
      CI_REPO: 'octo/hello',
      CI_REPO_NAME: 'octo/hello',
      CI_REPO_LINK: 'https://git.example.com/octo/hello',
      CI_REPO_REMOTE: 'https://git.example.com/octo/hello.git',
      CI_REPO_PRIVATE: 'false',
      CI_REMOTE_URL: 'https://git.example.com/octo/hello.git',
      DRONE_BRANCH: 'main',
      DRONE_SOURCE_BRANCH: 'main',
      DRONE_TARGET_BRANCH: 'main',
      DRONE_COMMIT: '7fd1a60b01f91b314f59955a4e4d4e80d8edf11d',
      DRONE_COMMIT_SHA: '7fd1a60b01f91b314f59955a4e4d4e80d8edf11d',
      DRONE_COMMIT_AFTER: '7fd1a60b01f91b314f59955a4e4d4e80d8edf11d',
      DRONE_COMMIT_BEFORE: '553c2077f0edc3d5dc5d17262f6aa498e69d6f8e',
      DRONE_COMMIT_REF: 'refs/heads/main',
      DRONE_COMMIT_BRANCH: 'main',
      DRONE_COMMIT_LINK: 'https://git.example.com/octo/hello/compare',
      DRONE_COMMIT_MESSAGE: 'Greet the world',
      DRONE_COMMIT_AUTHOR: 'octocat',
      DRONE_COMMIT_AUTHOR_NAME: 'Octo Cat',
      DRONE_COMMIT_AUTHOR_EMAIL: 'octo@example.com',
      CI_COMMIT_SHA: '7fd1a60b01f91b314f59955a4e4d4e80d8edf11d',
      CI_COMMIT_REF: 'refs/heads/main',
      CI_COMMIT_BRANCH: 'main',
      CI_COMMIT_MESSAGE: 'Greet the world',
      CI_COMMIT_AUTHOR: 'octocat',
      CI_COMMIT_AUTHOR_NAME: 'Octo Cat',
      CI_COMMIT_AUTHOR_EMAIL: 'octo@example.com',
      DRONE_BUILD_EVENT: 'push',
      CI_BUILD_EVENT: 'push',
      DRONE_BUILD_NUMBER: '42',
      DRONE_BUILD_CREATED: '1700000000',
      DRONE_BUILD_STATUS: 'success',
      DRONE_BUILD_LINK: 'https://ci.example.com:8443/octo/hello/42',
      DRONE_BUILD_TRIGGER: '@hook',
      DRONE_BUILD_PARENT: '0',
      DRONE_BUILD_DEBUG: 'false',
      DRONE_DEPLOY_ID: '0',
      CI_PARENT_BUILD_NUMBER: '0',
      GIT_AUTHOR_NAME: 'Octo Cat',
      GIT_AUTHOR_EMAIL: 'octo@example.com',
      GIT_COMMITTER_NAME: 'Octo Cat',
      GIT_COMMITTER_EMAIL: 'octo@example.com',
      GIT_TERMINAL_PROMPT: '0',
      CI_SYSTEM_NAME: 'sandpiper',
      CI_SYSTEM_URL: 'https://ci.example.com:8443',
      CI_SYSTEM_HOST: 'ci.example.com:8443',
      CI_SYSTEM_VERSION: '0.1.0',
      CI_FORGE_URL: 'https://git.example.com',
      CI_REPO_OWNER: 'octo',
      CI_REPO_URL: 'https://git.example.com/octo/hello',
      CI_REPO_CLONE_URL: 'https://git.example.com/octo/hello.git',
      CI_REPO_DEFAULT_BRANCH: 'main',
      CI_REPO_TRUSTED: 'false',
      CI_REPO_TRUSTED_NETWORK: 'false',
      CI_REPO_TRUSTED_VOLUMES: 'false',
      CI_REPO_TRUSTED_SECURITY: 'false',
      CI_PIPELINE_NUMBER: '42',
      CI_PIPELINE_PARENT: '0',
      CI_PIPELINE_EVENT: 'push',
      CI_PIPELINE_STATUS: 'success',
      CI_PIPELINE_CREATED: '1700000000',
      CI_PIPELINE_URL: 'https://ci.example.com:8443/octo/hello/42',
      CI_PIPELINE_FORGE_URL: 'https://git.example.com/octo/hello/compare',
      CI_PIPELINE_AUTHOR: 'octocat',
      PULLREQUEST_DRONE_PULL_REQUEST: '0',
      CI_BUILD_NUMBER: '42',
      CI_BUILD_CREATED: '1700000000',
      CI_BUILD_STATUS: 'success',
      CI_BUILD_LINK: 'https://ci.example.com:8443/octo/hello/42',
      SANDPIPER: 'true',
      SANDPIPER_VERSION: '0.1.0',
      SANDPIPER_REPO: 'octo/hello',
      SANDPIPER_BUILD_NUMBER: '42',
      SANDPIPER_BUILD_LINK: 'https://ci.example.com:8443/octo/hello/42',
      SANDPIPER_EVENT: 'push',
      SANDPIPER_REF: 'refs/heads/main',
      SANDPIPER_BRANCH: 'main',
      SANDPIPER_COMMIT: '7fd1a60b01f91b314f59955a4e4d4e80d8edf11d',
    })
  })

  it('name the tag and its version', () => {
    expect(environmentOf({ event: 'tag', ref: 'refs/tags/v1.2.3-rc.1+7' })).toMatchObject({
      DRONE_TAG: 'v1.2.3-rc.1+7',
      DRONE_SEMVER: '1.2.3-rc.1+7',
      DRONE_SEMVER_SHORT: '1.2.3',
    })
    expect(environmentOf()).not.toHaveProperty('DRONE_TAG')
    expect(environmentOf()).not.toHaveProperty('DRONE_SEMVER_ERROR')
  })

  it.each([
    ['refs/pull/7/head', '7'],
    ['refs/merge-requests/12/head', '12'],
    ['refs/pull-requests/3/from', '3'],
    ['refs/heads/pull/7/x', undefined],
  ])('know the pull request of %s: %s', (ref, expected) => {
    const environment = environmentOf({ event: 'pull_request', ref, title: 'Fix it' })
    expect(environment['DRONE_PULL_REQUEST']).toBe(expected)
    expect(environment['DRONE_PULL_REQUEST_TITLE']).toBe('Fix it')
  })

  it('name parent, start and deployment when there are some', () => {
    const environment = environmentOf(
      { event: 'promote', deployTo: 'production' },
      { private: true },
      { parent: 41, started: 1_700_000_001_000 },
    )
    expect(environment).toMatchObject({
      DRONE_BUILD_PARENT: '41',
      CI_PARENT_BUILD_NUMBER: '41',
      DRONE_BUILD_STARTED: '1700000001',
      DRONE_DEPLOY_TO: 'production',
      CI_BUILD_TARGET: 'production',
      DRONE_REPO_VISIBILITY: 'private',
    })
  })

  it('hold the parameters, which replace nothing of ours', () => {
    const environment = environmentOf({
      params: {
        COLOUR: 'red',
        DRONE_BRANCH: 'evil',
        CI: 'no',
        'A=B': 'x',
        '': 'y',
        __proto__x: 'z',
      },
    })
    expect(environment).toMatchObject({ COLOUR: 'red', DRONE_BRANCH: 'main', CI: 'true' })
    expect(environment).not.toHaveProperty('A=B')
    expect(environment).not.toHaveProperty([''])
  })

  it('fit for execve whatever strangers write', () => {
    const message = `a\0b${'\u20ac'.repeat(200_000)}`
    const value = environmentOf({ message })['DRONE_COMMIT_MESSAGE'] ?? ''
    expect(value.startsWith('ab\u20ac')).toBe(true)
    expect(Buffer.byteLength(`DRONE_COMMIT_MESSAGE=${value}`)).toBeLessThan(128 * 1024)
  })

  it.each([
    ['https://user:secret@git.example.com/a/b.git', 'https://git.example.com/a/b.git', 'HTTP'],
    ['https://token@git.example.com/a/b.git', 'https://git.example.com/a/b.git', 'HTTP'],
    ['ssh://git@git.example.com/a/b.git', 'ssh://git@git.example.com/a/b.git', 'SSH'],
    ['ssh://git:secret@git.example.com/a/b.git', 'ssh://git@git.example.com/a/b.git', 'SSH'],
    ['git@git.example.com:a/b.git', 'git@git.example.com:a/b.git', 'SSH'],
    ['/srv/git/b.git', '/srv/git/b.git', undefined],
  ])('show %s as %s', (cloneUrl, shown, kind) => {
    const environment = environmentOf({}, { cloneUrl })
    expect(environment['DRONE_REMOTE_URL']).toBe(shown)
    expect(environment['DRONE_GIT_HTTP_URL']).toBe(kind === 'HTTP' ? shown : undefined)
    expect(environment['DRONE_GIT_SSH_URL']).toBe(kind === 'SSH' ? shown : undefined)
    expect(JSON.stringify(environment)).not.toMatch(/secret|token/)
  })

  it('do not name a server when there is none', () => {
    const environment = buildEnvironment({
      event: pushEvent(),
      repo: REPO,
      build: BUILD,
      system: { link: '', version: '0.1.0' },
    })
    expect(environment).not.toHaveProperty('DRONE_SYSTEM_HOST')
  })
})

describe('the variables of a step', () => {
  const stage = {
    kind: 'pipeline',
    type: 'docker',
    name: 'test',
    number: 2,
    platform: { os: 'linux', arch: 'amd64' },
    dependsOn: ['build', 'lint'],
    workspace: '/drone/src',
    machine: 'runner-1',
    started: 1_700_000_002_500,
  } as const

  it('name the step, its stage and how things stand', () => {
    const step = { name: 'unit', number: 3 }
    expect(stepEnvironment({ stage, step, status: 'failure', failedSteps: ['a', 'b'] })).toEqual({
      DRONE_STAGE_KIND: 'pipeline',
      DRONE_STAGE_TYPE: 'docker',
      DRONE_STAGE_NAME: 'test',
      DRONE_STAGE_NUMBER: '2',
      DRONE_STAGE_MACHINE: 'runner-1',
      DRONE_STAGE_OS: 'linux',
      DRONE_STAGE_ARCH: 'amd64',
      DRONE_STAGE_DEPENDS_ON: 'build,lint',
      DRONE_STAGE_STARTED: '1700000002',
      DRONE_STAGE_FINISHED: '1700000002',
      DRONE_STAGE_STATUS: 'failure',
      DRONE_WORKSPACE: '/drone/src',
      DRONE_WORKSPACE_BASE: '/drone/src',
      DRONE_CARD_PATH: '/dev/null',
      DRONE_BUILD_STATUS: 'failure',
      CI_BUILD_STATUS: 'failure',
      CI_PIPELINE_STATUS: 'failure',
      CI_MACHINE: 'runner-1',
      CI_SYSTEM_PLATFORM: 'linux/amd64',
      CI_WORKFLOW_NAME: 'test',
      CI_WORKFLOW_NUMBER: '2',
      CI_WORKSPACE: '/drone/src',
      CI_STEP_NAME: 'unit',
      CI_STEP_NUMBER: '3',
      DRONE_FAILED_STEPS: 'a,b',
      DRONE_STEP_NAME: 'unit',
      DRONE_STEP_NUMBER: '3',
      SANDPIPER_STAGE: 'test',
      SANDPIPER_STEP: 'unit',
      SANDPIPER_WORKSPACE: '/drone/src',
    })
  })

  it('can be known in part when the build starts', () => {
    const { machine: _machine, started: _started, ...known } = stage
    const environment = buildEnvironment({
      event: pushEvent(),
      repo: REPO,
      build: BUILD,
      stage: { ...known, dependsOn: [] },
      system: SYSTEM,
    })
    expect(environment).toMatchObject({ DRONE_STAGE_NAME: 'test', DRONE_STAGE_NUMBER: '2' })
    expect(environment).not.toHaveProperty('DRONE_STAGE_MACHINE')
    expect(environment).not.toHaveProperty('DRONE_STAGE_DEPENDS_ON')
  })
})

describe('versions of tags', () => {
  it.each([
    ['1.2.3', '1.2.3'],
    ['v1.2.3-rc.1', '1.2.3-rc.1'],
    ['v1.2', undefined],
    ['latest', undefined],
  ])('%s is the semantic version %s', (tag, expected) => {
    const variables = semverVariables(tag)
    expect(variables['DRONE_SEMVER']).toBe(expected)
    expect(variables['DRONE_SEMVER_ERROR'] === undefined).toBe(expected !== undefined)
  })

  it.each([
    ['v19.1.0-beta.20190318', '19.1.0-beta.20190318', '19.1.0'],
    ['2019.01.0002', '2019.01.0002', '2019.01.0002'],
    ['24.4', '24.4', '24.4'],
    ['1.2.3', undefined, undefined],
    ['2018.1', undefined, undefined],
    ['x.1', undefined, undefined],
  ])('%s is the calendar version %s, short %s', (tag, long, short) => {
    const variables = calverVariables(tag)
    expect([variables['DRONE_CALVER'], variables['DRONE_CALVER_SHORT']]).toEqual([long, short])
  })
})
