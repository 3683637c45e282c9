import { type CST, Lexer, Parser } from 'yaml'
import type { Reporter } from '../diagnostics/reporter.js'
import { DOCUMENTS_MAX, NESTING_MAX, SOURCE_LENGTH_MAX, TOKENS_MAX } from '../limits.js'

/**
 * Splits the source into YAML's syntax tokens (one per document and directive) within the limits on
 * length, tokens, documents and nesting. The parser keeps its own stack, so the bound on nesting is
 * checked while it works, before anything recursive sees the tree.
 * @param base offset that the source starts at, for the reporter
 * @returns undefined after a limit was reported
 */
export function readTokens(
  source: string,
  base: number,
  reporter: Reporter,
): CST.Token[] | undefined {
  if (source.length > SOURCE_LENGTH_MAX) {
    const message = `the file has ${source.length} characters, more than ${SOURCE_LENGTH_MAX}`
    reporter.error('SP_PIPELINE_TOO_LARGE', { start: base, end: base }, message)
    return undefined
  }
  const parser = new Parser()
  const tokens: CST.Token[] = []
  let count = 0
  let documents = 0 // finished ones; one more is at hand
  for (const lexeme of new Lexer().lex(source)) {
    for (const token of parser.next(lexeme)) {
      tokens.push(token)
      if (token.type === 'document') documents += 1
    }
    count += 1
    const excess = excessOf(count, documents + 1, parser.stack.length)
    if (excess !== undefined) {
      const at = { start: base + parser.offset, end: base + parser.offset }
      reporter.error('SP_PIPELINE_TOO_LARGE', at, excess)
      return undefined
    }
  }
  for (const token of parser.end()) tokens.push(token)
  return tokens
}

/** The parser's stack holds the document and the scalar at hand beside the collections. */
const STACK_MAX = NESTING_MAX + 2

function excessOf(tokens: number, documents: number, stack: number): string | undefined {
  if (tokens > TOKENS_MAX) return `the file has more than ${TOKENS_MAX} YAML tokens`
  if (documents > DOCUMENTS_MAX) return `the file has more than ${DOCUMENTS_MAX} documents`
  if (stack > STACK_MAX) return `lists and mappings are nested more than ${NESTING_MAX} levels deep`
  return undefined
}
