import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { compileText } from './testing/compile.js'

/** Folder with real pipeline files, which are not ours to ship. */
const corpus = process.env['SANDPIPER_CORPUS'] ?? ''
const folder = join(corpus, 'drone')
const isThere = corpus !== '' && existsSync(folder)
if (!isThere) {
  process.stderr.write('skipped: real files, because SANDPIPER_CORPUS names no corpus folder\n')
}

;(isThere ? describe : describe.skip)('real files of Drone', () => {
  const files = isThere ? readdirSync(folder).filter((file) => file.endsWith('.yml')) : []

  it('compile or end in diagnostics with places, and never show a bug', () => {
    expect(files.length).toBeGreaterThan(0)
    for (const file of files) {
      const source = readFileSync(join(folder, file), 'utf8')
      const { plan, diagnostics } = compileText(source)
      const errors = diagnostics.filter(({ severity }) => severity === 'error')
      expect([file, plan === null]).toEqual([file, errors.length > 0])
      expect(errors.map(({ code }) => code)).not.toContain('SP_PIPELINE_INTERNAL')
    }
  })
})
