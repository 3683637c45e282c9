/**
 * Follows a command through its quotes. It knows no here-documents and nothing of what other programs
 * make of their arguments, so what it says is good for a warning only.
 */
export class ShellQuotes {
  #state: State = 'bare'
  #isEscaped = false
  #isWordStart = true

  /** Whether what comes next is inside single quotes. */
  get isInSingleQuotes(): boolean {
    return this.#state === 'single'
  }

  /** Goes through a part of the command. */
  read(text: string): void {
    for (const character of text) this.#step(character)
  }

  #step(character: string): void {
    if (this.#isEscaped) {
      this.#isEscaped = false
      return
    }
    const next = NEXT[this.#state][character]
    if (character === '\\') this.#isEscaped = this.#state === 'bare' || this.#state === 'double'
    else if (next === 'comment' && !this.#isWordStart) return
    else if (next !== undefined) this.#state = next
    this.#isWordStart = /[\s;&|(]/.test(character)
  }
}

type State = 'bare' | 'single' | 'double' | 'comment'

const NEXT: Readonly<Record<State, Readonly<Record<string, State>>>> = {
  bare: { "'": 'single', '"': 'double', '#': 'comment' },
  single: { "'": 'bare' },
  double: { '"': 'bare' },
  comment: { '\n': 'bare' },
}
