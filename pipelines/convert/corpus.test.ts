import { existsSync, readdirSync, readFileSync } from 'node:fs'
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
    ['woodpecker', /^woodpecker-new$/, 1],
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
    expect([files.length - failed.length >= least, failed.slice(0, 5)]).toEqual([
      true,
      expect.anything(),
    ])
    process.stdout.write(
      `${folder} ${kind.source} ${files.length - failed.length}/${files.length} ${JSON.stringify(failed)}\n`,
    )
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
})

/** The plan but for what is told by the language: variables of Woodpecker's and places in the source. */
function comparable({ plan }: CompileResult): unknown {
  return JSON.parse(
    JSON.stringify(plan, (key, value: unknown) =>
      key === 'dialect' || key === 'at' ? undefined : value,
    ),
  )
}
