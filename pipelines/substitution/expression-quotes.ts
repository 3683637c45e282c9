/** Follows an expression through its quotes. */
export class ExpressionQuotes {
  #quote = ''
  #isEscaped = false

  /** Goes through a part of the expression. */
  read(text: string): void {
    for (const character of text) this.#step(character)
  }

  /**
   * How a value has to stand here so that it stays one text (or one number), whatever is in it: what
   * strangers chose must not become a part of the expression.
   */
  written(value: string): string {
    const escaped = value.replace(
      /[\\"'`\n\r]/g,
      (character) => ESCAPES[character] ?? `\\${character}`,
    )
    if (this.#quote !== '') return escaped
    return NUMBER.test(value) ? value : `"${escaped}"`
  }

  #step(character: string): void {
    if (this.#isEscaped) this.#isEscaped = false
    else if (this.#quote === '') this.#quote = QUOTES.includes(character) ? character : ''
    else if (character === '\\') this.#isEscaped = true
    else if (character === this.#quote) this.#quote = ''
  }
}

const QUOTES = '"\'`'
const NUMBER = /^\d{1,15}$/
const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r' }
