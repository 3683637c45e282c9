import { Composer, type Document as YamlDocument, type YAMLError } from 'yaml'
import type { SourceFile } from '../diagnostic.js'
import type { Reporter } from '../diagnostics/reporter.js'
import { EXPANDED_NODES_MAX } from '../limits.js'
import { buildTree } from './build-tree.js'
import { readTokens } from './read-tokens.js'
import type { Document } from './tree.js'

/**
 * Makes a pipeline file known to the reporter and parses it: YAML 1.2, core schema, merge keys. Documents without content are left out.
 * Problems go to the reporter; what could be read is returned all the same, so that later stages can
 * report theirs too.
 */
export function parseSource(source: SourceFile, budget: Budget, reporter: Reporter): Document[] {
  const base = reporter.addSource(source)
  const { text } = source
  const tokens = readTokens(text, base, reporter)
  if (tokens === undefined) return []
  const documents: Document[] = []
  for (const document of new Composer(YAML_OPTIONS).compose(tokens)) {
    const problems = [...document.errors, ...document.warnings]
    reportYaml(problems, text, base, reporter)
    if (problems.length > 0 || isEmpty(document)) continue
    const tree = buildTree(document, base, budget, reporter)
    if (tree !== undefined) documents.push(tree)
  }
  return documents
}

/** What all files of one compilation may expand to together. */
export interface Budget {
  nodes: number
}

export function createBudget(): Budget {
  return { nodes: EXPANDED_NODES_MAX }
}

const YAML_OPTIONS = {
  version: '1.2',
  // Named, so that a `%YAML 1.1` directive does not turn `on` and `no` into booleans.
  schema: 'core',
  merge: false, // buildTree does it, within a budget
  uniqueKeys: false, // buildTree does it, in linear time
  resolveKnownTags: false,
  prettyErrors: false,
  logLevel: 'silent',
} as const

function isEmpty(document: YamlDocument.Parsed): boolean {
  const contents: unknown = document.contents
  if (contents === null) return true
  const { value, source } = contents as { value?: unknown; source?: string }
  return value === null && source === ''
}

/** One mistake makes YAML complain more than once about a line; the first time says it. */
function reportYaml(
  problems: readonly YAMLError[],
  source: string,
  base: number,
  reporter: Reporter,
): void {
  let previous = -1
  for (const { pos, code, message } of problems) {
    const [start, end] = pos
    const isSameLine =
      previous >= 0 && start >= previous && !source.slice(previous, start).includes('\n')
    const span = { start: base + start, end: base + end }
    if (!isSameLine) reporter.error('SP_PIPELINE_YAML', span, message, HINTS[code])
    previous = start
  }
}

const HINTS: Partial<Record<YAMLError['code'], string>> = {
  TAB_AS_INDENT: 'YAML is indented with spaces only',
  BLOCK_AS_IMPLICIT_KEY: 'text that holds `: ` must be quoted',
  MULTILINE_IMPLICIT_KEY: 'a key must be on one line: is a `:` or a quote missing?',
  BAD_SCALAR_START: 'text that starts with this character must be quoted',
  TAG_RESOLVE_FAILED: 'YAML tags are not used here; remove it',
}
