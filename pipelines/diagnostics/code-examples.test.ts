import { describe, expect, it } from '@jest/globals'
import { compilePipeline } from '../compile/compile-pipeline.js'
import { pushInput } from '../testing/events.js'
import { CODE_EXAMPLES, type CodeExample } from './code-examples.js'

const EXAMPLES = Object.entries<CodeExample>(CODE_EXAMPLES)

/** The codes that a text gives in the place of an example's file, each once. */
function codesOf(text: string, { file = '.pipeline.yml', other }: CodeExample): string[] {
  const files = new Map<string, string | null>(other === undefined ? [] : [other])
  const compile = () => compilePipeline([{ file, text: `${text}\n` }], { ...pushInput(), files })
  for (const path of compile().wanted) files.set(path, null)
  return [...new Set(compile().diagnostics.map(({ code }) => code))]
}

describe('the example of a code', () => {
  it.each(EXAMPLES)('%s gives that code alone when wrong', (code, example) => {
    expect(codesOf(example.wrong, example)).toEqual([code])
  })

  it.each(EXAMPLES)('%s gives nothing when right', (_code, example) => {
    expect(codesOf(example.right, example)).toEqual([])
  })
})
