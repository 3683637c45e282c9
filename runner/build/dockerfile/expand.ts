import { VALUE_LENGTH_MAX } from '../limits.js'
import { replacePattern, withoutPrefix, withoutSuffix } from './pattern.js'

/** Values of variables by name. */
export type Variables = ReadonlyMap<string, string>

/** @throws WordError when there is nothing left */
export function spend(effort: Effort, cost: number): void {
  effort.left -= cost
  if (effort.left < 0) throw new WordError('replacing the variables of this file takes too long')
}

/** What is wrong with a word; the place is added by who knows it. */
export class WordError extends Error {}

export interface ExpandOptions {
  readonly escape: string
  readonly variables: Variables
  /** Leaves quotes and escapes as they are, and replaces variables in single quotes too: for heredocs. */
  readonly raw?: boolean
  /** What all expansions of a build may cost together; spent here. */
  readonly effort?: Effort
}

/** Characters that may still be looked at: they keep a Dockerfile from taking the runner's time. */
export interface Effort {
  left: number
}

/**
 * A word with its variables replaced and its quotes removed, as Docker reads the values of instructions:
 * `$NAME`, `${NAME}` and `${NAME:-word}` with the operators - + ? # ## % %% / //. A variable that is not
 * set is empty.
 * @throws WordError
 */
export function expandWord(word: string, options: ExpandOptions): string {
  const value = new Expander(word, options).upTo(null)
  if (value.length > VALUE_LENGTH_MAX) throw tooLong()
  return value
}

/** The same with the value split at spaces that were not quoted. @throws WordError */
export function expandWords(word: string, options: ExpandOptions): string[] {
  const expander = new Expander(word, options)
  expander.upTo(null)
  return expander.words()
}

function tooLong(): WordError {
  return new WordError(
    `a value has more than ${String(VALUE_LENGTH_MAX)} characters once its variables are replaced`,
  )
}

/** How deep `${A:-${B:-...}}` may go. */
const DEPTH_MAX = 50
const PATTERN_LENGTH_MAX = 256
/** What compiling a pattern costs next to a look at one character. */
const PATTERN_COST = 20_000

class Expander {
  readonly #words: string[] = []
  #word = ''
  #isWord = false
  #length = 0
  #at = 0
  #depth = 0

  constructor(
    readonly text: string,
    readonly options: ExpandOptions,
  ) {}

  words(): string[] {
    return this.#isWord ? [...this.#words, this.#word] : this.#words
  }

  /** Everything until that character, or until the end. */
  upTo(end: string | null): string {
    const parts: string[] = []
    const take = (part: string): void => {
      this.#length += part.length
      this.#spend(part.length)
      if (this.#length > 16 * VALUE_LENGTH_MAX) throw tooLong()
      parts.push(part)
    }
    const isTop = end === null
    while (this.#at < this.text.length) {
      const char = this.text.charAt(this.#at)
      if (char === end) {
        this.#at++
        return parts.join('')
      }
      const { value, quoted } = this.#piece(char)
      take(value)
      if (isTop) this.#addToWords(value, quoted)
    }
    if (end !== null) throw new WordError(`${JSON.stringify(end)} is missing at the end`)
    return parts.join('')
  }

  #addToWords(value: string, quoted: boolean): void {
    if (quoted) {
      this.#word += value
      this.#isWord = true
      return
    }
    for (const part of value.split(/(\s+)/)) {
      if (part === '') continue
      if (!/^\s/.test(part)) {
        this.#word += part
        this.#isWord = true
      } else if (this.#isWord) {
        this.#words.push(this.#word)
        this.#word = ''
        this.#isWord = false
      }
    }
  }

  #piece(char: string): { readonly value: string; readonly quoted: boolean } {
    const isRaw = this.options.raw === true
    if (char === "'" && !isRaw) return { value: this.#singleQuoted(), quoted: true }
    if (char === '"' && !isRaw) return { value: this.#doubleQuoted(), quoted: true }
    if (char === '$') return { value: this.#dollar(), quoted: false }
    this.#at++
    if (char !== this.options.escape) return { value: char, quoted: false }
    const next = this.text.charAt(this.#at++)
    return { value: isRaw && next !== '$' ? char + next : next, quoted: true }
  }

  #singleQuoted(): string {
    const end = this.text.indexOf("'", this.#at + 1)
    if (end < 0) throw new WordError("a single quote ' has no end")
    const value = this.text.slice(this.#at + 1, end)
    this.#at = end + 1
    return value
  }

  #doubleQuoted(): string {
    const parts: string[] = []
    for (this.#at++; this.#at < this.text.length;) {
      const char = this.text.charAt(this.#at)
      if (char === '"') {
        this.#at++
        return parts.join('')
      }
      if (char === '$') {
        parts.push(this.#dollar())
        continue
      }
      this.#at++
      parts.push(char === this.options.escape ? this.#escapedInQuotes() : char)
    }
    throw new WordError('a double quote " has no end')
  }

  /** Before anything else but these the escape character stands for itself (POSIX, 2.2.3). */
  #escapedInQuotes(): string {
    const { escape } = this.options
    const next = this.text.charAt(this.#at)
    if (next !== '"' && next !== '$' && next !== escape) return escape
    this.#at++
    return next
  }

  #dollar(): string {
    this.#at++
    if (this.text.charAt(this.#at) === '{') {
      this.#at++
      return this.#braces()
    }
    const name = this.#name()
    return name === '' ? '$' : this.#valueOf(name)
  }

  #name(): string {
    const [name = ''] = /^(?:[\p{L}_][\p{L}\p{Nd}_]*|\d+|[@*#?$!-])/u.exec(this.#ahead()) ?? []
    this.#at += name.length
    return name
  }

  /** Names are short; a slice of all that is left would make long words take long. */
  #ahead(): string {
    return this.text.slice(this.#at, this.#at + 256)
  }

  #valueOf(name: string): string {
    return this.options.variables.get(name) ?? ''
  }

  /** After `${`. */
  #braces(): string {
    if (++this.#depth > DEPTH_MAX) throw new WordError('variables are nested too deep')
    const name = this.#name()
    if (name === '') throw new WordError('there is no name after ${')
    const [operator = ''] = /^(?:\}|:?[-+?]|##?|%%?|\/\/?)/.exec(this.#ahead()) ?? []
    this.#at += operator.length
    const value = operator === '}' ? this.#valueOf(name) : this.#operate(name, operator)
    this.#depth--
    return value
  }

  #operate(name: string, operator: string): string {
    if (operator === '') {
      throw new WordError(`\${${name} is followed by what is no operator, or has no end`)
    }
    if (operator === '/' || operator === '//') {
      const pattern = this.upTo('/')
      const by = this.upTo('}')
      this.#payFor(this.options.variables.get(name), pattern)
      return replacePattern(this.#valueOf(name), pattern, by, operator === '//')
    }
    const word = this.upTo('}')
    const value = this.options.variables.get(name)
    const isMissing = value === undefined || (operator.startsWith(':') && value === '')
    switch (operator.at(-1)) {
      case '-':
        return isMissing ? word : value
      case '+':
        return isMissing ? '' : word
      case '?':
        if (isMissing) throw new WordError(`${name}: ${word === '' ? 'it is not set' : word}`)
        return value
      case '#':
        this.#payFor(value, word)
        return withoutPrefix(value ?? '', word, operator === '##')
      default:
        this.#payFor(value, word)
        return withoutSuffix(value ?? '', word, operator === '%%')
    }
  }

  #payFor(value: string | undefined, pattern: string): void {
    if (pattern.length > PATTERN_LENGTH_MAX) {
      throw new WordError(`a pattern has more than ${String(PATTERN_LENGTH_MAX)} characters`)
    }
    this.#spend(PATTERN_COST + (value ?? '').length * (pattern.length + 1))
  }

  #spend(cost: number): void {
    if (this.options.effort !== undefined) spend(this.options.effort, cost)
  }
}
