import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Dialect } from '../convert/dialect.js'
import { createReporter } from '../diagnostics/reporter.js'
import type { BuildEvent } from '../event.js'
import type { Combination } from '../matrix/expand-matrix.js'
import { createBudget, parseSource } from '../parse/parse-source.js'
import { CONDITIONS } from '../schema/conditions-shape.js'
import { pushEvent, REPO } from '../testing/events.js'
import { conditionBase, conditionContext } from './context.js'
import { evaluateTrigger, evaluateWhen, type Verdict } from './evaluate.js'

interface Given {
  readonly event?: Partial<BuildEvent>
  readonly dialect?: Dialect
  readonly combination?: Combination
  readonly variables?: Readonly<Record<string, string>>
  readonly link?: string
  readonly scope?: 'step' | 'pipeline'
}

interface Said {
  readonly verdict: Verdict
  readonly problems: readonly string[]
}

/** What is said of a `when` or `trigger` that is written as this YAML. */
function say(yaml: string, given: Given = {}): Said {
  const reporter = createReporter()
  const { dialect = 'sandpiper', combination = {}, variables = {}, link = '' } = given
  const [document] = parseSource({ file: 'when.yml', text: yaml }, createBudget(), reporter)
  const decoded = document && CONDITIONS.decode(document.root, { reporter, dialect }, '`when`')
  const input = { event: pushEvent(given.event), repo: REPO, system: { link } }
  const variant = { dialect, combination, variables }
  const platform = { os: 'linux', arch: 'arm64' }
  const context = conditionContext(conditionBase(input, reporter), variant, platform)
  const evaluate = given.scope === 'pipeline' ? evaluateTrigger : evaluateWhen
  const verdict = evaluate(decoded ?? undefined, context)
  const problems = reporter
    .diagnostics()
    .map(({ start, severity, message }) => `${start.line}:${start.column} ${severity} ${message}`)
  return { verdict, problems }
}

function holds(yaml: string, given: Given = {}): boolean {
  const { verdict, problems } = say(yaml, given)
  expect(problems).toEqual([])
  return verdict.holds
}

function reasonOf(yaml: string, given: Given = {}): string {
  const { verdict } = say(yaml, given)
  return verdict.holds ? 'it holds' : verdict.reason
}

const SUCCESS = { success: true, failure: false }
const FAILURE = { success: false, failure: true }
const BOTH = { success: true, failure: true }

describe('an event that few pipelines are written for', () => {
  const events = ['pull_request_closed', 'pull_request_metadata', 'release'] as const

  it.each(events)('runs a pipeline whose trigger names it, and no other: %s', (event) => {
    const given = { event: { event }, scope: 'pipeline' } as const
    expect(holds(`event: [push, ${event}]`, given)).toBe(true)
    expect(holds(`event: '${event.slice(0, 5)}*'`, given)).toBe(true)
    expect(holds(`[{ event: push }, { event: ${event}, branch: main }]`, given)).toBe(true)
    for (const trigger of [
      '{}',
      '[]',
      'branch: main',
      'event: { exclude: [cron] }',
      'event: push',
    ]) {
      expect(holds(trigger, given)).toBe(false)
      const reason = /^the event is `\w+`, which (?:runs only pipelines|the condition)/
      expect(reasonOf(trigger, given)).toMatch(reason)
    }
  })

  it('leaves the steps of such a pipeline as they are', () => {
    expect(holds('branch: main', { event: { event: 'release' } })).toBe(true)
  })

  it.each(['push', 'pull_request', 'tag', 'promote', 'rollback', 'cron', 'custom'] as const)(
    'is none of the usual ones: %s',
    (event) => {
      expect(holds('{}', { event: { event }, scope: 'pipeline' })).toBe(true)
    },
  )
})

describe('a list of conditions', () => {
  it.each([
    ['[{event: tag}, {event: push}]', true],
    ['[{event: tag}, {event: push, branch: dev}]', false],
    ['[{}]', true],
    ['[]', true],
  ])('%s: %s', (yaml, expected) => {
    expect(holds(yaml)).toBe(expected)
  })

  it.each([
    ['[{event: push}, {event: push, status: failure}]', BOTH],
    ['[{event: tag}, {event: push, status: failure}]', FAILURE],
    ['[{event: tag, status: failure}, {event: push}]', SUCCESS],
    ['[{status: success}, {status: [failure]}]', BOTH],
    ['[{status: changed}]', SUCCESS],
  ])('%s runs on %j: only alternatives that hold count', (yaml, expected) => {
    expect(say(yaml).verdict).toEqual({ holds: true, runOn: expected })
  })

  it('says why none of its alternatives holds, the first three of them', () => {
    expect(reasonOf('[{event: tag}, {branch: dev}]')).toBe(
      'none of its 2 alternatives holds: the event is `push`, which the condition on `event` does ' +
        'not match (wants `tag`); the branch is `main`, which the condition on `branch` does not match ' +
        '(wants `dev`)',
    )
    const many = reasonOf(
      '[{event: tag}, {branch: a}, {ref: a}, {repo: a}, {target: a}, {event: cron}]',
    )
    expect(many).toMatch(/^none of its 6 alternatives holds: .*; and 3 more$/)
    expect(reasonOf('[{event: tag}]')).toMatch(/^the event is `push`/)
  })

  it.each([
    ['[push]', '1:2 error an entry of `when` must be a mapping, but it is text'],
    ['push', '1:1 error `when` must be a mapping or a list of mappings, but it is text'],
  ])('%s is refused', (yaml, problem) => {
    expect(say(yaml).problems).toEqual([problem])
  })

  it('is bounded', () => {
    const yaml = `[${Array.from({ length: 201 }, () => '{event: push}').join(', ')}]`
    expect(say(yaml).problems).toEqual(['1:1 error `when` has more than 200 alternatives'])
  })
})

describe('a condition', () => {
  it.each<[string, Given, boolean]>([
    ['actions: opened', { event: { action: 'opened' } }, true],
    ['actions: [closed]', { event: { action: 'opened' } }, false],
    ['platform: linux/*', {}, true],
    ['platform: linux/amd64', {}, false],
    ['instance: ci.example.com', { link: 'https://ci.example.com:8443/x' }, true],
    ['instance: {exclude: [ci.example.com]}', { link: 'https://ci.example.com' }, false],
    ['instance: ci.example.com', {}, false],
    ['matrix: {GO: 1.2*}', { combination: { GO: '1.22' } }, true],
    ['matrix: {GO: [1.21, 1.22]}', { combination: { GO: '1.22' } }, true],
    ['matrix: {GO: 1.2*, OS: linux}', { combination: { GO: '1.22', OS: 'darwin' } }, false],
    ['matrix: {GO: 1.22}', {}, false],
    ['matrix: {exclude: {GO: 1.22, OS: linux}}', { combination: { GO: '1.22', OS: 'x' } }, true],
    ['matrix: {exclude: {GO: 1.22, OS: x}}', { combination: { GO: '1.22', OS: 'x' } }, false],
    ['matrix: {include: {GO: 1.22}}', { combination: { GO: '1.22' } }, true],
    ['matrix: {include: a}', { combination: { include: 'a' } }, true],
    ['evaluate: A == "1"', { variables: { A: '1' } }, true],
    ['evaluate: A == "1" && B == nil', { variables: { A: '2' } }, false],
    ['evaluate: ', {}, true],
    ['evaluate: true', {}, true],
  ])('{%s} on %j: %s', (yaml, given, expected) => {
    expect(holds(`{${yaml}}`, given)).toBe(expected)
  })

  it.each([
    ['{matrix: {GO: 1.2}}', '`GO` is empty, which the condition on `matrix` does not match'],
    ['{evaluate: "1 == 2"}', 'the expression `1 == 2` is false'],
    [
      '{status: {include: x, exclude: x}, event: tag}',
      'the event is `push`, which the condition on `event` does not match (wants `tag`)',
    ],
  ])('%s is not met: %s', (yaml, reason) => {
    expect(reasonOf(yaml)).toBe(reason)
  })

  it('on an expression that fails is an error, when it comes to it', () => {
    expect(say('{evaluate: A == 1}', { variables: { A: '1' } }).problems).toEqual([
      "1:12 error the expression `A == 1` can't be evaluated: `==` can't be used with a text and a number",
    ])
    expect(say('{event: tag, evaluate: A == 1}', { variables: { A: '1' } }).problems).toEqual([])
  })

  it.each([
    ['evaluate: A = 1', '1:13 error'],
    ['evaluate: "A = 1"', '1:14 error'],
    ['evaluate: >-\n  A = 1', '1:11 error'],
    ['event: tag\nevaluate: A | lower()', '2:13 error'],
    ['evaluate: [a]', '1:11 error'],
  ])('%j is refused where it is wrong', (yaml, place) => {
    expect(say(yaml).problems).toEqual([expect.stringContaining(place)])
  })

  it('on values that there are not is warned about, with what is meant', () => {
    expect(say('{event: psuh}').problems).toEqual([
      expect.stringContaining('warning `psuh` matches none of the values there are'),
    ])
    expect(say('{event: deployment}').problems).toHaveLength(1)
    expect(say('{local: false}').problems).toHaveLength(1)
  })
})

describe("another tool's conditions", () => {
  const tag: Partial<BuildEvent> = { event: 'tag', ref: 'refs/tags/v1', branch: '' }
  it.each<[string, Given, boolean]>([
    ['{branch: main}', { event: tag }, true],
    ['{branch: dev}', {}, false],
    ['{cron: nightly}', {}, true],
    ['{cron: nightly}', { event: { event: 'cron', cron: 'weekly' } }, false],
    ['{event: [manual, deployment]}', { event: { event: 'custom' } }, true],
    ['{event: [manual, deployment]}', { event: { event: 'promote' } }, true],
    ['{event: {exclude: manual}}', { event: { event: 'custom' } }, false],
    ['{path: docs/**}', { event: { ...tag, changedFiles: ['a'] } }, true],
    ['{path: docs/**}', { event: { event: 'pull_request', changedFiles: ['a'] } }, false],
    ['{matrix: {GO: 1}}', { scope: 'pipeline' }, true],
    ['{matrix: {GO: 1}}', { scope: 'step' }, false],
    ['{local: false}', {}, true],
  ])('of Woodpecker, %s on %j: %s', (yaml, given, expected) => {
    expect(holds(yaml, { ...given, dialect: 'woodpecker' })).toBe(expected)
  })

  it('of Drone have `instance` on steps only, which is told', () => {
    const given: Given = { dialect: 'drone', link: 'https://ci.example.com' }
    expect(holds('{instance: other}', given)).toBe(false)
    const { verdict, problems } = say('{instance: other}', { ...given, scope: 'pipeline' })
    expect(verdict.holds).toBe(true)
    expect(problems).toEqual([expect.stringContaining('Drone does not look at `instance`')])
    expect(holds('{instance: other}', { ...given, dialect: 'sandpiper', scope: 'pipeline' })).toBe(
      false,
    )
  })
})

describe('a condition on changed files', () => {
  const changed = ['docs/a.md', 'src/b.ts']
  it.each<[string, readonly string[] | undefined, boolean]>([
    ['docs/**', changed, true],
    ['[lib/**, "**/*.ts"]', changed, true],
    ['lib/**', changed, false],
    ['lib/**', undefined, true],
    ['lib/**', [], true],
    ['{include: lib/**, on_empty: false}', [], false],
    ['{exclude: docs/**}', changed, true],
    ['{exclude: [docs/**, src/**]}', changed, false],
    ['{include: docs/**, exclude: docs/**}', changed, true],
    ['{include: docs/**, exclude: docs/**}', ['docs/a.md'], false],
    ['{include: lib/**, exclude: docs/**}', changed, false],
    ['{include: lib/**, ignore_message: "[ALL]"}', changed, false],
    ['{include: lib/**, ignore_message: "GREET"}', changed, true],
    ['{include: lib/**, ignore_message: ""}', changed, false],
    ['{on_empty: false}', changed, true],
    ['', changed, true],
  ])('%s with %j: %s', (paths, changedFiles, expected) => {
    const event = changedFiles === undefined ? {} : { changedFiles }
    expect(holds(`paths: ${paths}`, { event })).toBe(expected)
    expect(holds(`path: ${paths}`, { event })).toBe(expected)
  })

  it('says why it does not hold', () => {
    const event = { changedFiles: ['docs/a.md'] }
    expect(reasonOf('paths: lib/**', { event })).toContain('no changed file matches')
    expect(reasonOf('paths: {exclude: docs/**}', { event })).toContain('every changed file')
    const nothing = { changedFiles: [] }
    expect(reasonOf('paths: {on_empty: false}', { event: nothing })).toContain('no file changed')
  })

  it('agrees with its rules said in another way', () => {
    const file = fc.constantFrom('a', 'b', 'c/d', 'c/e', 'f/g/h')
    const glob = fc.constantFrom('a', '*', 'c/**', '**', 'f/*/h', 'x')
    fc.assert(
      fc.property(fc.array(file), fc.array(glob), fc.array(glob), (files, include, exclude) => {
        const matches = (pattern: string, name: string): boolean =>
          holds(`ref: "${pattern}"`, { event: { ref: name } })
        const included = files.some((name) => include.some((pattern) => matches(pattern, name)))
        const excluded = files.every((name) => exclude.some((pattern) => matches(pattern, name)))
        const expected =
          files.length === 0 ||
          ((include.length === 0 || included) && (exclude.length === 0 || !excluded))
        const yaml = JSON.stringify({ paths: { include, exclude } })
        expect(holds(yaml, { event: { changedFiles: files } })).toBe(expected)
      }),
      { numRuns: 300 },
    )
  })

  it('holds, with a warning, when there is too much to look at', () => {
    const changedFiles = Array.from({ length: 100_000 }, (_, n) => `src/some/folder/file${n}.ts`)
    const patterns = Array.from({ length: 500 }, (_, n) => `**/*${n}*x*.{ts,js}`)
    const started = performance.now()
    const yaml = JSON.stringify([{ paths: patterns }, { paths: { exclude: patterns } }])
    const { verdict, problems } = say(yaml, { event: { changedFiles } })
    expect(verdict.holds).toBe(true)
    expect(problems[0]).toContain('so many files changed')
    expect(performance.now() - started).toBeLessThan(5000)
  })
})
