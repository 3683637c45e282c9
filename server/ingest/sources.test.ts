import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { BuildEvent } from '../../pipelines/event.js'
import type { BuildDetail, Repo } from '../services.js'
import { SIMPLE, TestServer } from '../testing/test-server.js'
import type { BuildWarning } from './warnings.js'

let test: TestServer
let repo: Repo
beforeEach(async () => {
  test = await TestServer.start()
  repo = await test.addRepo()
})
afterEach(() => test.stop())

type Files = Readonly<Record<string, string>>

const named = (name: string): string => SIMPLE.replace('name: only', `name: ${name}`)
const WORKFLOW = 'steps:\n  - name: a\n    image: alpine\n    commands: [make]\n'

/** The build of a commit of the files, compiled. */
async function compiled(files: Files, facts: Partial<BuildEvent> = {}): Promise<BuildDetail> {
  return compiledAt(await test.git.commit(files), facts)
}

async function compiledAt(commit: string, facts: Partial<BuildEvent> = {}): Promise<BuildDetail> {
  const { build } = await test.push(repo, commit, facts)
  return test.build(
    repo,
    build!.number,
    (detail) => detail.build.plan_json !== null || detail.build.finished > 0,
  )
}

const stagesOf = ({ stages }: BuildDetail): string[] => stages.map(({ stage }) => stage.name)
const eventOf = ({ build }: BuildDetail): BuildEvent => JSON.parse(build.event_json) as BuildEvent
const warningsOf = ({ build }: BuildDetail): BuildWarning[] =>
  JSON.parse(build.warnings_json) as BuildWarning[]

describe('the pipeline file', () => {
  it('is .pipeline.yml, then .drone.yml, then those of Woodpecker, its directory first', async () => {
    const files: [string, string][] = [
      ['.woodpecker.yml', WORKFLOW],
      ['.woodpecker.yaml', WORKFLOW],
      ['.woodpecker/two.yaml', WORKFLOW],
      ['.woodpecker/one.yml', WORKFLOW],
      ['.drone.yml', named('drone')],
      ['.pipeline.yml', named('pipeline')],
    ]
    const seen = []
    for (const [path, text] of files) seen.push(stagesOf(await compiled({ [path]: text })))
    expect(seen).toEqual([
      ...[['woodpecker'], ['woodpecker'], ['two'], ['one', 'two'], ['drone'], ['pipeline']],
    ])
  })

  it('is no other file of that directory, and no directory in it', async () => {
    const files = { '.woodpecker/README.md': '# x', '.woodpecker/more/a.yml': WORKFLOW }
    const { build } = await compiled({ ...files, '.woodpecker.yml': WORKFLOW })
    expect(build.error).toBe('')
    const nested = await compiled({ '.woodpecker/b.yml': WORKFLOW })
    expect(stagesOf(nested)).toEqual(['b'])
  })

  it('is looked for under every name before there is none', async () => {
    const commit = await test.git.commit({ other: '' })
    const { build } = await compiledAt(commit)
    expect(build).toMatchObject({ status: 'error', plan_json: null })
    expect(build.error).toBe(
      `no pipeline file at commit ${commit}: looked for .pipeline.yml, .drone.yml, ` +
        '.woodpecker/*.yml, .woodpecker.yaml, .woodpecker.yml\n' +
        'hint: add .pipeline.yml to the repo; sandpiper lint checks it before you push',
    )
  })

  it.each([
    ['.pipeline.yaml', '.pipeline.yml'],
    ['.drone.yaml', '.drone.yml'],
  ])('that is called %s is pointed out', async (wrong, right) => {
    const { build } = await compiled({ [wrong]: SIMPLE })
    expect(build.error).toContain(`hint: rename ${wrong} to ${right}`)
  })

  it('may be one of very many, but not of more', async () => {
    const files = (count: number): Files =>
      Object.fromEntries(
        Array.from({ length: count }, (_, index) => [`.woodpecker/w${index}.yml`, WORKFLOW]),
      )
    expect((await compiled(files(200))).stages).toHaveLength(200)
    const { build } = await compiled(files(201))
    expect(build.error).toBe('.woodpecker: more than 200 pipeline files')
  })
})

describe('a build', () => {
  it('tells its stages what was before, and which of the others have failed', async () => {
    const after = `${named('after')}depends_on: [only]\ntrigger:\n  status: [failure]\n`
    await compiled({ '.pipeline.yml': SIMPLE })
    const second = await compiled({ '.pipeline.yml': `${SIMPLE}---${after}` })
    const environments = new Map<string, Readonly<Record<string, string>>>()
    test.runner().work(async (job, runner) => {
      environments.set(`${job.buildNumber} ${job.stage.name}`, job.environment)
      if (!(await runner.claim(job))) return
      runner.finish(job, job.stage.name === 'only' ? 'failure' : 'success')
      await runner.acknowledged()
    })
    await test.ended(repo, second.build.number)
    expect(environments.get('2 after')).toMatchObject({
      DRONE_BUILD_NUMBER: '2',
      DRONE_BUILD_LINK: `${test.server.address}/o/n/2`,
      DRONE_FAILED_STAGES: 'only',
      CI_PREV_PIPELINE_NUMBER: '1',
    })
    expect(environments.get('2 only')).not.toHaveProperty('DRONE_FAILED_STAGES')
  })

  it('keeps the warnings of its file', async () => {
    const detail = await compiled({ '.pipeline.yml': `${SIMPLE}colour: blue\n` })
    expect(warningsOf(detail)).toMatchObject([
      { file: '.pipeline.yml', line: 8, column: 1, message: expect.stringContaining('colour') },
    ])
  })

  it('has the files that changed since the push before', async () => {
    const before = await test.git.commit({ '.pipeline.yml': SIMPLE, kept: '1' })
    const detail = await compiled({ 'src/a.ts': '1', 'docs/ü.md': '1' }, { before })
    expect(eventOf(detail).changedFiles).toEqual(['docs/ü.md', 'src/a.ts'])
    const again = await test.server.services.builds.restart(repo, detail.build.number)
    const restarted = await test.build(repo, again!.number, ({ build }) => build.plan_json !== null)
    expect(eventOf(restarted)).toEqual(eventOf(detail))
  })

  it('does not know them on the first push, nor of a tag', async () => {
    const files = { '.pipeline.yml': `${SIMPLE}trigger:\n  paths: [src/**]\n` }
    const first = await compiled(files)
    expect(eventOf(first).changedFiles).toBeUndefined()
    expect(stagesOf(first)).toEqual(['only'])
    expect(warningsOf(first)).toEqual([])
    const tag = { event: 'tag', ref: 'refs/tags/v1', before: 'a'.repeat(40) } as const
    await test.git.git('tag', 'v1')
    expect(eventOf(await compiledAt(first.build.after, tag)).changedFiles).toBeUndefined()
  })

  it('runs only what the changed files ask for', async () => {
    const text = `${named('src')}trigger:\n  paths: [src/**]\n---${named('docs')}trigger:
  paths: {include: ['docs/**'], exclude: ['docs/internal/**']}\n`
    const before = await test.git.commit({ '.pipeline.yml': text })
    const detail = await compiled({ 'docs/a.md': '1' }, { before })
    expect(stagesOf(detail)).toEqual(['docs'])
    const internal = await compiled({ 'docs/internal/b': '1' }, { before: detail.build.after })
    expect(internal.build.status).toBe('skipped')
  })

  it('warns that conditions on paths hold when nobody knows the files', async () => {
    const files = { '.pipeline.yml': `${SIMPLE}trigger:\n  paths: [src/**]\n` }
    const detail = await compiled(files, { before: 'f'.repeat(40) })
    expect(stagesOf(detail)).toEqual(['only'])
    expect(warningsOf(detail)).toMatchObject([
      { code: 'SP_BUILD_CHANGES_UNKNOWN', message: expect.stringContaining('f'.repeat(40)) },
    ])
  })

  it('compares a new branch with the default branch, a pull request with its target', async () => {
    await test.git.commit({ '.pipeline.yml': SIMPLE })
    await test.git.git('checkout', '-q', '-b', 'feature')
    const head = await test.git.commit({ feature: '1' })
    await test.git.git('checkout', '-q', 'main')
    const base = await test.git.commit({ main: '1' })
    const ref = 'refs/heads/feature'
    const branch = { ref, branch: 'feature', before: '0'.repeat(40) }
    expect(eventOf(await compiledAt(head, branch)).changedFiles).toEqual(['feature'])
    const pull = { event: 'pull_request', ref, branch: 'main', before: base } as const
    expect(eventOf(await compiledAt(head, pull)).changedFiles).toEqual(['feature'])
    const other = { ...pull, before: '' }
    expect(eventOf(await compiledAt(head, other)).changedFiles).toEqual(['feature'])
  })

  it('asks for 50 kinds of runners at most', async () => {
    const pipelines = (count: number): string =>
      Array.from({ length: count }, (_, i) => `${named(`p${i}`)}node: {gpu: "${i}"}\n`).join('---')
    const { build } = await compiled({ '.pipeline.yml': pipelines(51) })
    expect(build).toMatchObject({
      status: 'error',
      error: expect.stringContaining('ask for 51 kinds of runners'),
    })
    expect(stagesOf(await compiled({ '.pipeline.yml': pipelines(50) }))).toHaveLength(50)
  })

  it('gives its stages the limits that they set themselves', async () => {
    const text = `${SIMPLE}timeout: 5m\nconcurrency: {limit: 1, group: g}\nnode: {gpu: "yes"}\n`
    const first = await compiled({ '.pipeline.yml': text })
    const second = await compiled({ '.pipeline.yml': `${text}# again\n` })
    const [stage] = [first, second].map(({ stages }) => stages[0]!.stage)
    expect(stage).toMatchObject({
      queue: 'stage-linux-amd64-label.gpu=yes',
      labels_json: '{"gpu":"yes"}',
      concurrency_group: 'g',
      concurrency_limit: 1,
    })
    const statuses = [first, second].map(({ stages }) => stages[0]!.stage.status)
    expect(statuses).toEqual(['pending', 'blocked'])
    const timeouts: number[] = []
    test.runner({ labels: { gpu: 'yes' } }).work(async (job, runner) => {
      timeouts.push(job.timeoutMs)
      await runner.succeed(job)
    })
    expect((await test.ended(repo, second.build.number)).build.status).toBe('success')
    expect(timeouts).toEqual([300_000, 300_000])
  })
})
