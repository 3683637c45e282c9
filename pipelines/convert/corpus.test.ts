import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { compilePipeline, type CompileResult } from '../compile/compile-pipeline.js'
import type { SourceFile } from '../diagnostic.js'
import type { BuildEvent } from '../event.js'
import { pushInput } from '../testing/events.js'
import { convertText } from './convert-text.js'

/** Folder with real pipeline files, which are not ours to ship. */
const corpus = process.env['SANDPIPER_CORPUS'] ?? ''
const isThere = corpus !== '' && existsSync(join(corpus, 'woodpecker'))
if (!isThere) {
  process.stderr.write('skipped: real files, because SANDPIPER_CORPUS names no corpus folder\n')
}

const EVENTS: readonly Partial<BuildEvent>[] = [
  {},
  { event: 'tag', ref: 'refs/tags/v1.2.3', branch: '', sourceBranch: '' },
  { event: 'pull_request', action: 'opened', ref: 'refs/pull/7/head', sourceBranch: 'topic' },
]

/** Files of a folder whose kind (a column of its index) is right. */
function filesOf(folder: string, kind: RegExp): SourceFile[] {
  const rows = readFileSync(join(corpus, folder, 'INDEX.tsv'), 'utf8')
    .split('\n')
    .slice(1)
  return rows.flatMap((row) => {
    const [file = '', , , , found = ''] = row.split('\t')
    if (!kind.test(found) || !file.endsWith('.yml')) return []
    return [{ file, text: readFileSync(join(corpus, folder, file), 'utf8') }]
  })
}

function compileAll(source: SourceFile): CompileResult[] {
  return EVENTS.map((facts) => compilePipeline([source], pushInput(facts)))
}

function errorsOf({ diagnostics }: Pick<CompileResult, 'diagnostics'>): string[] {
  return diagnostics.flatMap(({ severity, code, message, start }) =>
    severity === 'error' ? [`${start.line}:${start.column} ${code} ${message}`] : [],
  )
}

;(isThere ? describe : describe.skip)('real files', () => {
  it.each([
    ['woodpecker', /^woodpecker-new$/, 0.98],
    ['woodpecker', /^woodpecker-old$/, 1],
    ['drone', /^legacy0\.8/, 0.9],
  ])('of %s, %s, convert to plans', (folder, kind, share) => {
    const files = isThere ? filesOf(folder, kind) : []
    const failed = files.flatMap((source) => {
      const errors = compileAll(source).flatMap(errorsOf)
      expect(errors.join('\n')).not.toContain('SP_PIPELINE_INTERNAL')
      return errors.length === 0 ? [] : [[source.file, ...new Set(errors)]]
    })
    const least = Math.ceil(files.length * share)
    expect({ failed: failed.length > files.length - least ? failed : [] }).toEqual({ failed: [] })
  })

  it.each([
    ['woodpecker', /^woodpecker/],
    ['drone', /^legacy/],
  ])('of %s, %s, mean the same as text as they do on the fly', (folder, kind) => {
    for (const source of isThere ? filesOf(folder, kind) : []) {
      const results = compileAll(source)
      const { text, diagnostics } = convertText(source, 'auto')
      if (text === null) {
        expect([source.file, errorsOf({ diagnostics })]).toEqual([
          source.file,
          errorsOf(results[0]!),
        ])
        continue
      }
      const again = compileAll({ file: '.pipeline.yml', text })
      const plans = results.map((result) => comparable(result))
      expect([source.file, ...again.map((result) => comparable(result))]).toEqual([
        source.file,
        ...plans,
      ])
    }
  })

  it.each(['woodpecker-testdata', 'drone-testdata'])('of %s end without a bug', (folder) => {
    for (const source of isThere ? filesOf(folder, /./) : []) {
      const codes = compileAll(source).flatMap(({ diagnostics }) => diagnostics.map((d) => d.code))
      expect([source.file, codes.includes('SP_PIPELINE_INTERNAL')]).toEqual([source.file, false])
    }
  })

  it('that Woodpecker accepts are accepted, and the one that it refuses is not', () => {
    for (const source of isThere ? filesOf('woodpecker-testdata', /schema sample/) : []) {
      const errors = compileAll(source).flatMap(errorsOf)
      const isBroken = source.file.includes('broken')
      expect([source.file, errors.length > 0, errors]).toEqual([
        source.file,
        isBroken,
        expect.anything(),
      ])
    }
  })

  it('of scenarios have the workflows and steps that Woodpecker runs', () => {
    const fixture = 'woodpecker__e2e_scenarios_fixtures_'
    const plan = (names: readonly string[]) =>
      compilePipeline(
        names.map((name) => {
          const path = join(corpus, 'woodpecker-testdata', `${fixture}${name}.yml`)
          const file = `.woodpecker/${name.split('_').at(-1)}.yml`
          return { file, text: readFileSync(path, 'utf8') }
        }),
        pushInput(),
      ).plan
    const parallel = plan(['06_parallel_steps'])?.stages[0]
    expect(parallel?.steps.map(({ name, dependsOn }) => [name, dependsOn])).toEqual([
      ['clone', []],
      ['test-unit', ['clone']],
      ['test-integration', ['clone']],
      ['deploy', ['test-unit', 'test-integration']],
    ])
    const always = plan(['08_multi_step_on_failure'])?.stages[0]
    expect(always?.steps.map((step) => 'runOn' in step && step.runOn.failure)).toEqual([
      false,
      true,
      false,
    ])
    const [first, second] = plan([
      '13_multi_workflow_depends_on_failure_build',
      '13_multi_workflow_depends_on_failure_deploy',
    ])!.stages
    expect([first?.name, second?.dependsOn, second?.runOn.failure]).toEqual([
      'build',
      ['build'],
      false,
    ])
    expect(plan(['17_step_missing_required_depends_on'])).toBeNull()
  })

  it('that Drone has converted itself are the same to us', () => {
    const pairs = isThere ? filesOf('drone-testdata', /converter pair/) : []
    for (const { file, text } of pairs) {
      const golden = readFileSync(
        join(corpus, 'drone-testdata', file.replace(/yml$/, 'golden')),
        'utf8',
      )
      const ours = compilePipeline([{ file: '.drone.yml', text }], pushInput())
      const theirs = compilePipeline([{ file: '.drone.yml', text: golden }], pushInput())
      expect(errorsOf(ours)).toEqual([])
      expect([file, essence(ours)]).toEqual([file, essence(theirs)])
    }
  })
})

/** The plan but for places, and for what a file of another language has another name for. */
function comparable({ plan }: CompileResult): unknown {
  const text = JSON.stringify(plan, (key, value: unknown) =>
    key === 'dialect' || key === 'at' ? undefined : value,
  )
  // `CI` and `CI_SYSTEM_NAME` tell the name of the tool in Woodpecker's files.
  const renamed = text.replaceAll('CI_REPO_NAME', 'DRONE_REPO_NAME')
  return JSON.parse(
    renamed.replaceAll('CI=woodpecker', 'CI=true').replaceAll('woodpecker', 'sandpiper'),
  )
}

/** What runs, without the names that a matrix gives and the default way of fetching images. */
function essence({ plan }: CompileResult): unknown {
  const stages = plan?.stages.map(({ steps, workspace, clone }) => ({
    workspace,
    clone,
    steps: steps.map((step) => ({ ...step, pull: undefined })),
  }))
  const secrets = [...(plan?.secrets ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1))
  return { stages, secrets }
}
