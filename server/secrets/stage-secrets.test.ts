import { describe, expect, it } from '@jest/globals'
import type { BuildEvent } from '../../pipelines/event.js'
import type { SandboxStep, StagePlan } from '../../pipelines/plan.js'
import { isFromFork } from '../../protocol/fork.js'
import { imageMatches } from '../../protocol/image-rule.js'
import { secretsForSteps, type StageRequest } from './stage-secrets.js'
import type { SecretRow } from './types.js'

const EVENT: BuildEvent = {
  ...{ event: 'push', action: '', ref: 'refs/heads/main', branch: 'main', sourceBranch: 'main' },
  ...{ sourceRepo: '', after: 'a'.repeat(40), before: '', message: '', title: '', link: '' },
  author: { login: '', name: '', email: '', avatar: '' },
  ...{ sender: '', cron: '', deployTo: '', params: {} },
}

const PLUGIN: SandboxStep = {
  ...{ kind: 'entrypoint', name: 's', image: 'plugins/docker:20', dependsOn: [] },
  environment: { PLUGIN_REPO: 'o/n' },
  secrets: { PLUGIN_PASSWORD: 'token' },
  ...{ runOn: { success: true, failure: false }, failure: 'fail', detach: false },
}

const ROW: SecretRow = {
  ...{ id: 1, repo_id: 1, namespace: '', name: 'token', pull_request: 0, pull_request_push: 0 },
  ...{ events_json: '[]', images_json: '[]', branches_json: '[]', created: 0, updated: 0 },
}

function outcome(
  row: Partial<SecretRow>,
  event: Partial<BuildEvent> = {},
  step: Partial<SandboxStep> = {},
  stage: Partial<StagePlan> = {},
): string {
  const plan = {
    ...{ workspace: '/drone/src', ...stage },
    steps: [{ ...PLUGIN, ...step }],
  } as unknown as StagePlan
  const request: StageRequest = {
    stage: plan,
    steps: [{ name: 's', number: 2 }],
    event: { ...EVENT, ...event },
    fork: isFromFork({ ...EVENT, ...event }),
    secrets: new Map([['token', { row: { ...ROW, ...row }, open: () => 'VALUE' }]]),
    registries: [],
  }
  const given = secretsForSteps(request).get(2)
  return given?.values['token']?.value ?? given?.missing['token'] ?? ''
}

describe('a step that names a secret', () => {
  it('has it, on any branch and for any event but pull requests', () => {
    expect(outcome({})).toBe('VALUE')
    expect(outcome({}, { event: 'tag', ref: 'refs/tags/v1', branch: '' })).toBe('VALUE')
    expect(outcome({}, { event: 'pull_request' })).toBe('it is not for pull requests')
    expect(outcome({ pull_request: 1 }, { event: 'pull_request' })).toBe('VALUE')
  })

  it('has it inside of a list or mapping by the same rules', () => {
    const inner = (name: string) => ({
      secrets: {},
      secretTexts: { [name]: [{ text: 'a,' }, { secret: 'token' }] },
    })
    expect(outcome({}, {}, inner('PLUGIN_LOGINS'))).toBe('VALUE')
    const row = { images_json: '["plugins/docker"]' }
    expect(outcome(row, {}, inner('PLUGIN_LOGINS'))).toBe('VALUE')
    expect(outcome(row, {}, inner('LD_PRELOAD'))).toBe(
      'it is for plugins as they are, and this step has the variable LD_PRELOAD',
    )
  })

  it.each(['pull_request', 'push', 'custom', 'promote', 'cron', 'pull_request_closed'] as const)(
    'never has it for the event %s of a fork',
    (event) => {
      const all = { pull_request: 1, events_json: JSON.stringify([event]) }
      expect(outcome(all, { event, sourceRepo: 'stranger/n' })).toMatch(/forks/)
      expect(outcome(all, { event, sourceRepo: undefined as never })).toMatch(/forks/)
    },
  )

  it('never has it for the ref of somebody’s change that is built by hand', () => {
    for (const ref of ['refs/pull/7/head', 'refs/merge-requests/7/head']) {
      expect(outcome({}, { event: 'custom', ref })).toMatch(/forks/)
      expect(outcome({ pull_request: 1 }, { event: 'pull_request', ref })).toBe('VALUE')
    }
  })

  it('has it for the events and branches that it is for', () => {
    const events_json = '["tag","promote"]'
    expect(outcome({ events_json })).toBe('it is not for the event push')
    expect(outcome({ events_json }, { event: 'tag' })).toBe('VALUE')
    const branches_json = '["main","release/**"]'
    expect(outcome({ branches_json })).toBe('VALUE')
    expect(outcome({ branches_json }, { branch: 'release/1/2' })).toBe('VALUE')
    expect(outcome({ branches_json }, { branch: 'main2' })).toBe('it is not for this branch')
    expect(outcome({ branches_json }, { branch: '' })).toBe('it is for some branches only')
  })

  const images_json = '["plugins/docker"]'
  it('has one for its image as the plugin that it is', () => {
    expect(outcome({ images_json })).toBe('VALUE')
    expect(outcome({ images_json }, {}, { image: 'docker.io/plugins/docker' })).toBe('VALUE')
    expect(outcome({ images_json }, {}, { image: 'evil/docker' })).toMatch(/other images/)
    expect(outcome({ images_json }, {}, { image: 'evil.io/plugins/docker' })).toMatch(
      /other images/,
    )
  })

  it.each<{ what: string; step?: Partial<SandboxStep>; stage?: Partial<StagePlan> }>([
    { what: 'commands', step: { kind: 'commands', commands: ['env'] } },
    { what: 'an entrypoint', step: { entrypoint: ['/bin/sh'] } },
    { what: 'a command', step: { command: ['-c', 'env'] } },
    { what: 'a variable', step: { environment: { LD_PRELOAD: '/drone/src/x.so' } } },
    { what: 'a secret variable', step: { secrets: { PATH: 'token', X: 'token' } } },
    { what: 'a variable of the pipeline', stage: { environment: { PATH: '/drone/src' } } },
    { what: 'a volume', step: { mounts: [{ volume: 'v', path: '/bin' }] } },
    { what: 'a workspace over the plugin', stage: { workspace: '/opt/plugin' } },
    { what: 'a working directory', step: { workingDir: '/drone/src/x' } },
    { what: 'a health check', step: { healthcheck: { command: ['env'] } as never } },
  ])('has none for its image with $what of its own', ({ step, stage }) => {
    expect(outcome({ images_json }, {}, step, stage)).toMatch(/plugins as they are/)
  })
})

describe('patterns of images', () => {
  it.each([
    ['plugins/docker', 'plugins/docker', true],
    ['plugins/docker', 'plugins/docker:1', true],
    ['plugins/docker', 'plugins/docker@sha256:aa', true],
    ['plugins/docker:1', 'plugins/docker:1', true],
    ['plugins/docker:1', 'plugins/docker:2', false],
    ['plugins/docker:latest', 'plugins/docker', true],
    ['plugins/docker:1', 'plugins/docker:1@sha256:bb', false],
    ['plugins/docker@sha256:aa', 'plugins/docker:1@sha256:aa', true],
    ['plugins/docker@sha256:aa', 'plugins/docker@sha256:ab', false],
    ['golang', 'docker.io/library/golang:1', true],
    ['golang', 'library/golang', true],
    ['golang', 'evil/golang', false],
    ['r.io:5000/a', 'r.io:5000/a:1', true],
    ['r.io:5000/a', 'R.io:5000/a', true],
    ['r.io/a', 'r.io:5000/a', false],
    ['a', 'localhost/a', false],
  ])('%s, %s: %s', (pattern, image, matches) => {
    expect(imageMatches(pattern, image)).toBe(matches)
  })
})
