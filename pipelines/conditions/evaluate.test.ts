import { describe, expect, it } from '@jest/globals'
import type { BuildEvent } from '../event.js'
import { commandsSteps, fileWithSteps, planOf, stageOf } from '../testing/compile.js'

function runs(when: string, facts: Partial<BuildEvent> = {}): boolean {
  const source = fileWithSteps([`name: a, when: {${when}}`])
  return 'a' in commandsSteps(stageOf(source, facts))
}

describe('conditions', () => {
  const pullRequest: Partial<BuildEvent> = {
    event: 'pull_request',
    action: 'opened',
    ref: 'refs/pull/7/head',
    branch: 'main',
    sourceBranch: 'feature/x',
  }
  const tag: Partial<BuildEvent> = { event: 'tag', ref: 'refs/tags/v1.2', branch: '' }

  it.each<[string, Partial<BuildEvent>, boolean]>([
    ['', {}, true],
    ['event: push', {}, true],
    ['event: [tag, push]', {}, true],
    ['event: {include: [push, tag]}', {}, true],
    ['event: {include: push, exclude: push}', {}, false],
    ['event: {exclude: [pull_request]}', {}, true],
    ['event: {exclude: [push]}', {}, false],
    ['event: []', {}, true],
    ['event: ', {}, true],
    ['event: [tag]', {}, false],
    ['event: push, branch: dev', {}, false],
    ['event: push, branch: main', {}, true],
    ['branch: main', pullRequest, true],
    ['branch: feature/*', pullRequest, false],
    ['action: opened', pullRequest, true],
    ['action: closed', pullRequest, false],
    ['branch: main', tag, false],
    ['branch: {exclude: dev}', tag, true],
    ['ref: refs/tags/**', tag, true],
    ['ref: refs/tags/v2.*', tag, false],
    ['repo: octo/*', {}, true],
    ['repo: other/*', {}, false],
    ['cron: nightly', { event: 'cron', cron: 'nightly' }, true],
    ['cron: nightly', {}, false],
    ['target: [staging, production]', { event: 'promote', deployTo: 'production' }, true],
    ['target: staging', { event: 'promote', deployTo: 'production' }, false],
    ['status: [success, failure]', {}, true],
    ['status: failure', {}, true],
    ['branch: 1.10', { branch: '1.10' }, true],
  ])('{%s} on %j: %s', (when, facts, expected) => {
    expect(runs(when, facts)).toBe(expected)
  })

  it.each([
    ['', { success: true, failure: false }],
    ['status: success', { success: true, failure: false }],
    ['status: failure', { success: false, failure: true }],
    ['status: [failure, success]', { success: true, failure: true }],
    ['status: {exclude: [success]}', { success: false, failure: true }],
    ['status: {exclude: [failure]}', { success: true, failure: false }],
    ['status: {include: []}', { success: true, failure: false }],
    ['status: changed', { success: true, failure: false }],
  ])('when {%s} makes a step run on %j', (when, expected) => {
    const source = fileWithSteps([`name: a, when: {${when}}`])
    expect(commandsSteps(stageOf(source))['a']?.runOn).toEqual(expected)
  })

  it('trigger.status says when a pipeline runs', () => {
    const runOn = (status: string) =>
      stageOf(fileWithSteps(['name: a'], `trigger: {status: ${status}}\n`)).runOn
    expect(runOn('[success, failure]')).toEqual({ success: true, failure: true })
    expect(runOn('[failure]')).toEqual({ success: false, failure: true })
    expect(planOf(fileWithSteps(['name: a'], 'trigger: {status: changed}\n')).stages).toEqual([])
  })
})
