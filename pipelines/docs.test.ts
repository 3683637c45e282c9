import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { pipelineJsonSchema } from './index.js'
import { compileText } from './testing/compile.js'

const page = readFileSync(join(__dirname, '../docs/pipeline.md'), 'utf8')

describe('docs/pipeline.md', () => {
  const examples = Array.from(
    page.matchAll(/^```yaml\n(.*?)^```$/gms),
    ([, source]) => source ?? '',
  )

  it('has examples', () => {
    expect(examples.length).toBeGreaterThan(1)
  })

  it.each(examples)('has an example that compiles without a word: %j', (source) => {
    expect(compileText(source).diagnostics).toEqual([])
  })

  it('names every key of pipelines, steps and conditions', () => {
    const keys = new Set<string>()
    const visit = (node: unknown): void => {
      if (typeof node !== 'object' || node === null) return
      if ('properties' in node)
        Object.keys(node.properties as object).forEach((key) => keys.add(key))
      Object.values(node).forEach(visit)
    }
    visit(pipelineJsonSchema())
    expect([...keys].filter((key) => !new RegExp(`\`${key}[\`:]`).test(page))).toEqual([])
  })
})
