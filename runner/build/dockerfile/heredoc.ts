/** Text in a Dockerfile that an instruction uses as a file. */
export interface Heredoc {
  /** The word that ends it; of COPY and ADD also the name of the file. */
  readonly name: string
  /** Number of the descriptor before `<<`, `0` where there is none. */
  readonly descriptor: number
  /** Whether variables in it are replaced: not where the word was quoted. */
  readonly expand: boolean
  /** Whether leading tabs are taken away (`<<-`). */
  readonly chomp: boolean
  readonly content: string
}

const HEREDOC = /^(\d*)<<(-?)([^<]*)$/

/**
 * The heredocs that begin in an instruction, in order; their content is to be read still. A word inside of
 * quotes begins none.
 */
export function heredocsOf(text: string, escape: string): Omit<Heredoc, 'content'>[] {
  return shellWords(text, escape).flatMap((word) => {
    const heredoc = parseHeredoc(word)
    return heredoc === null ? [] : [heredoc]
  })
}

/** The heredoc that a word begins, or null. */
export function parseHeredoc(word: string): Omit<Heredoc, 'content'> | null {
  const [, descriptor = '', dash = '', rest = ''] = HEREDOC.exec(word) ?? []
  const name = rest.replace(/^(["'])(.*)\1$/, '$2')
  if (name === '' || /["'\s]/.test(name)) return null
  return {
    name,
    descriptor: Number(descriptor),
    expand: name === rest,
    chomp: dash !== '',
  }
}

/** Words as a shell splits them, with their quotes. */
function shellWords(text: string, escape: string): string[] {
  const words: string[] = []
  let word = ''
  let quote = ''
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at)
    if (quote === '' && /\s/.test(char)) {
      if (word !== '') words.push(word)
      word = ''
      continue
    }
    word += char
    if (char === escape && quote !== "'") word += text.charAt(++at)
    else if (char === quote) quote = ''
    else if (quote === '' && (char === '"' || char === "'")) quote = char
  }
  return word === '' ? words : [...words, word]
}
