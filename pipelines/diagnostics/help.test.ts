import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { PIPELINE_CODES, type PipelineCode } from './codes.js'
import { createReporter } from './reporter.js'

const page = readFileSync(join(__dirname, '../../docs/errors.md'), 'utf8')
/** What GitHub and others make of a title: its text in lower case, blanks as dashes. */
const anchors = new Set(
  Array.from(page.matchAll(/^#+ (.+)$/gm), ([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .replace(/\s/g, '-'),
  ),
)

describe('every code', () => {
  it.each(Object.keys(PIPELINE_CODES) as PipelineCode[])('%s has a hint and its help', (code) => {
    const reporter = createReporter()
    reporter.addSource({ file: 'a.yml', text: 'kind: x\n' })
    reporter.error(code, { start: 0, end: 4 }, 'wrong')
    reporter.warning(code, { start: 6, end: 7 }, 'wrong', () => undefined)
    reporter.warning(code, { start: 7, end: 7 }, 'wrong', 'do this')
    const [one, other, third] = reporter.diagnostics()
    expect(one?.hint).toMatch(/^[^\s.].*[^\s.]$/)
    expect(other?.hint).toBe(one?.hint)
    expect(third?.hint).toBe('do this')
    const [file, anchor = ''] = one?.help.split('#') ?? []
    expect(file).toBe('docs/errors.md')
    expect(anchors).toContain(anchor)
  })
})
