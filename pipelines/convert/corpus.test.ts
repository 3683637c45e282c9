import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { compilePipeline } from '../compile/compile-pipeline.js'
import type { BuildEvent } from '../event.js'
import { pushInput } from '../testing/events.js'

/** Folder with real pipeline files, which are not ours to ship. */
const corpus = process.env['SANDPIPER_CORPUS'] ?? ''
const isThere = corpus !== '' && existsSync(join(corpus, 'woodpecker'))
if (!isThere) {
  process.stderr.write('skipped: real files, because SANDPIPER_CORPUS names no corpus folder\n')
}

const EVENTS: Partial<BuildEvent>[] = [
  {},
  { event: 'tag', ref: 'refs/tags/v1.2.3', branch: '' },
  { event: 'pull_request', action: 'opened', ref: 'refs/pull/7/head', sourceBranch: 'topic' },
]

describe('probe', () => {
  it.each(['woodpecker', 'drone', 'woodpecker-testdata'])('%s', (folder) => {
    const files = readdirSync(join(corpus, folder)).filter((file) => file.endsWith('.yml'))
    let good = 0
    const lines: string[] = []
    const counts: Record<string, number> = {}
    for (const file of files) {
      const text = readFileSync(join(corpus, folder, file), 'utf8')
      const results = EVENTS.map((facts) => compilePipeline([{ file, text }], pushInput(facts)))
      const errors = results.flatMap(({ diagnostics }) => diagnostics.filter((d) => d.severity === 'error'))
      if (errors.length === 0) good++
      else lines.push(file, ...[...new Set(errors.map((e) => `    ${e.start.line}:${e.start.column} ${e.code} ${e.message} [${e.hint ?? ''}]`))].slice(0, 6))
      for (const e of errors) { const k = e.code + ' ' + e.message.slice(0, 60); counts[k] = (counts[k] ?? 0) + 1 }
    }
    process.stdout.write(`${folder} ${good}/${files.length}\n${lines.join('\n')}\n`)
    expect(1).toBe(1)
  })
})
