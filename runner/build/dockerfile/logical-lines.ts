import { dockerfileError } from '../errors.js'
import type { Directives } from './directives.js'
import { heredocsOf, type Heredoc } from './heredoc.js'

/** An instruction as it stands in the file, with its continued lines joined. */
export interface LogicalLine {
  /** Number of its first line; the first of the file is 1. */
  readonly line: number
  /** Without comments, continuations and what heredocs hold. */
  readonly text: string
  readonly heredocs: readonly Heredoc[]
}

/** Instructions whose words may begin heredocs. */
const WITH_HEREDOCS = /^(?:ONBUILD[ \t]+)?(?:RUN|COPY|ADD)[ \t]/i
const COMMENT = /^[ \t]*#/
const EMPTY = /^[ \t\r\f\v]*$/

/**
 * Joins the lines of a Dockerfile as BuildKit does: a line that ends with the escape character goes on in
 * the next one; comments and empty lines in between do not count.
 * @throws SandpiperError SP_BUILD_DOCKERFILE for a heredoc without an end
 */
export function logicalLines(
  lines: readonly string[],
  { escape }: Directives,
  file: string,
): LogicalLine[] {
  const reader = new Reader(lines, escape, file)
  const found: LogicalLine[] = []
  for (;;) {
    const next = reader.next()
    if (next === null) return found
    found.push(next)
  }
}

class Reader {
  readonly #continued: RegExp
  #at = 0

  constructor(
    readonly lines: readonly string[],
    readonly escape: Directives['escape'],
    readonly file: string,
  ) {
    // An escape character that is itself escaped continues nothing.
    this.#continued = escape === '\\' ? /(^|[^\\])\\[ \t]*$/ : /(^|[^`])`[ \t]*$/
  }

  next(): LogicalLine | null {
    for (;;) {
      const line = this.#at + 1
      const first = this.lines[this.#at++]
      if (first === undefined) return null
      if (COMMENT.test(first) || EMPTY.test(first)) continue
      const text = this.#join(first.trimStart())
      if (EMPTY.test(text)) continue
      return { line, text, heredocs: this.#heredocs(text, line) }
    }
  }

  #join(first: string): string {
    const parts = [first]
    while (this.#continued.test(parts.at(-1) ?? '')) {
      parts.push((parts.pop() ?? '').replace(this.#continued, '$1'))
      const next = this.#nextOfMany()
      if (next === null) break
      parts.push(next)
    }
    return parts.join('')
  }

  /** The next line of a continued one that is neither empty nor a comment. */
  #nextOfMany(): string | null {
    for (;;) {
      const text = this.lines[this.#at]
      if (text === undefined) return null
      this.#at++
      if (!COMMENT.test(text) && !EMPTY.test(text)) return text
    }
  }

  #heredocs(text: string, line: number): Heredoc[] {
    if (!WITH_HEREDOCS.test(text)) return []
    const begun = heredocsOf(text, this.escape)
    return begun.map((one) => ({ ...one, content: this.#contentOf(one, line) }))
  }

  #contentOf({ name, chomp }: Pick<Heredoc, 'name' | 'chomp'>, line: number): string {
    let content = ''
    for (;;) {
      const raw = this.lines[this.#at++]
      if (raw === undefined) {
        const place = { file: this.file, line }
        throw dockerfileError(place, `the heredoc ${JSON.stringify(name)} has no end`)
      }
      const text = chomp ? raw.replace(/^\t+/, '') : raw
      if (text.replace(/\r$/, '') === name) return content
      content += `${text}\n`
    }
  }
}
