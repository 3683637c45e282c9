import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { compilePipeline, formatDiagnostic, pipelineJsonSchema } from '../index.js'
import { pushInput } from '../testing/events.js'

/**
 * Each NAME.yml is compiled for a push to main and compared with NAME.json. After a change that is
 * meant, write the expected files anew with
 *
 *     UPDATE_GOLDEN=1 npm run jest -- pipelines/golden
 *
 * and read the difference before it is committed (`npm run format` sets it out as the others).
 */
const UPDATE = process.env['UPDATE_GOLDEN'] === '1'
const FILES = readdirSync(__dirname).filter((file) => file.endsWith('.yml'))

function compileFile(file: string): unknown {
  const source = readFileSync(join(__dirname, file), 'utf8')
  const { plan, diagnostics, sources } = compilePipeline([{ file, text: source }], pushInput())
  return {
    plan,
    diagnostics: diagnostics.map((one) => formatDiagnostic(one, sources).split('\n')),
  }
}

function expectFile(path: string, value: unknown): void {
  const text = `${JSON.stringify(value, null, 2)}\n`
  if (UPDATE) writeFileSync(path, text)
  expect(JSON.parse(text)).toEqual(JSON.parse(readFileSync(path, 'utf8')))
}

describe('golden files', () => {
  it('are there', () => {
    expect(FILES.length).toBeGreaterThan(2)
  })

  it.each(FILES)('%s compiles to what is expected', (file) => {
    expectFile(join(__dirname, file.replace(/\.yml$/, '.json')), compileFile(file))
  })

  it('include the published JSON Schema', () => {
    expectFile(join(__dirname, '../schema/pipeline.schema.json'), pipelineJsonSchema())
  })
})
