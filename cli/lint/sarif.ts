import { pathToFileURL } from 'node:url'
import { DEFAULT_HINTS, type Diagnostic, PIPELINE_CODES } from '../../pipelines/index.js'
import type { PipelineCode } from '../../pipelines/index.js'
import { VERSION } from '../version.js'
import type { LintedFile } from './linted-files.js'

/**
 * Diagnostics as SARIF 2.1.0, which code scanning services and editors read.
 * Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0.
 */
export function sarifLog(files: readonly LintedFile[]): unknown {
  const diagnostics = files.flatMap((file) => file.diagnostics)
  const names = [...new Set([...files, ...diagnostics].map(({ file }) => file))]
  const uris = names.map(uriOf)
  return {
    $schema:
      'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'sandpiper', version: VERSION, rules: rulesOf() } },
        columnKind: 'utf16CodeUnits',
        artifacts: uris.map((uri) => ({ location: { uri } })),
        results: diagnostics.map((one) => resultOf(one, names)),
      },
    ],
  }
}

const CODES = Object.keys(PIPELINE_CODES) as PipelineCode[]

function rulesOf(): unknown[] {
  return CODES.map((code) => ({
    id: code,
    shortDescription: { text: PIPELINE_CODES[code] },
    help: { text: DEFAULT_HINTS[code] },
  }))
}

function resultOf(diagnostic: Diagnostic, names: readonly string[]): unknown {
  const { code, severity, message, hint, file, start, end } = diagnostic
  return {
    ruleId: code,
    ruleIndex: CODES.findIndex((known) => known === code),
    level: severity,
    message: { text: hint === undefined ? message : `${message}\n${hint}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(file), index: names.indexOf(file) },
          region: {
            startLine: start.line,
            startColumn: start.column,
            endLine: end.line,
            endColumn: end.column,
          },
        },
      },
    ],
  }
}

/** A path as a URI reference; one that is relative stays so. */
function uriOf(file: string): string {
  if (file.startsWith('/')) return pathToFileURL(file).href
  // Half of a surrogate pair, which YAML can write, has no percent-encoding.
  return Buffer.from(file).toString().split('/').map(encodeURIComponent).join('/')
}
