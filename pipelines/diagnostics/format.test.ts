import { describe, expect, it } from '@jest/globals'
import type { Diagnostic } from '../diagnostic.js'
import { formatDiagnostic, formatSummary } from './format.js'

const SOURCE = { file: 'a.yml', text: 'kind: x\n' }

function diagnostic(facts: Partial<Diagnostic> = {}): Diagnostic {
  return {
    code: 'SP_PIPELINE_KIND',
    severity: 'error',
    message: 'wrong',
    file: 'a.yml',
    start: { line: 1, column: 7 },
    end: { line: 1, column: 8 },
    hint: 'write it well',
    help: 'docs/errors.md#sp_pipeline_kind',
    ...facts,
  }
}

describe('a diagnostic with a style', () => {
  const style = {
    strong: (text: string) => `<b>${text}</b>`,
    faint: (text: string) => `<i>${text}</i>`,
    severity: (severity: string, text: string) => `<${severity}>${text}</${severity}>`,
  }

  it('is the same text with its parts marked', () => {
    const styled = formatDiagnostic(diagnostic(), [SOURCE], style)
    expect(styled).toBe(`<b>a.yml:1:7:</b> <error>error SP_PIPELINE_KIND:</error> wrong
  <i>1 | </i>kind: x
  <i>  | </i>      <error>^</error>
  hint: write it well <i>(sandpiper explain SP_PIPELINE_KIND)</i>`)
    expect(styled.replace(/<.*?>/g, '')).toBe(formatDiagnostic(diagnostic(), [SOURCE]))
  })

  it('has no excerpt when the file is not at hand', () => {
    expect(formatDiagnostic(diagnostic(), []).split('\n')).toHaveLength(2)
  })
})

describe('the summary', () => {
  const [error, warning] = [diagnostic(), diagnostic({ severity: 'warning' })]

  it.each<[readonly Diagnostic[], number, string]>([
    [[error, error, warning], 3, '2 errors, 1 warning in 3 files'],
    [[error], 1, '1 error in 1 file'],
    [[warning, warning], 2, '2 warnings in 2 files'],
    [[], 4, ''],
  ])('of %j in %d files is %j', (diagnostics, files, text) => {
    expect(formatSummary(diagnostics, files)).toBe(text)
  })
})
