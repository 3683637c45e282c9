import { sanitizeTerminalText, stripTerminalText } from './sanitize.js'

const PREFIX_WIDTH_MAX = 40
/** The least that is shown of a stage whose name is shortened: a character on each side of the gap. */
const STAGE_WIDTH_MIN = 3

/**
 * The names before log lines. A long name of a stage loses its middle, its step's name stays whole: the
 * combinations of a matrix differ at their end. Names that would look the same then get a number.
 */
export class StepPrefixes {
  readonly #shown = new Map<string, string>()
  readonly #taken = new Set<string>()
  #width = 0

  /** @param name `stage/step`, or the step's alone */
  add(id: string, name: string): void {
    const short = this.#free(shortName(cleanName(name)))
    this.#shown.set(id, short)
    this.#width = Math.max(this.#width, short.length)
  }

  /** The name as a column of its own. */
  of(id: string): string {
    return `${(this.#shown.get(id) ?? shortName(cleanName(id))).padEnd(this.#width)} | `
  }

  #free(name: string): string {
    let free = name
    const isShort = name.includes(GAP)
    for (let number = 2; isShort && this.#taken.has(free); number++) free = `${name} ${number}`
    this.#taken.add(free)
    return free
  }
}

const GAP = '…'

function shortName(name: string): string {
  if (name.length <= PREFIX_WIDTH_MAX) return name
  const slash = name.lastIndexOf('/')
  const [stage, step] = slash < 0 ? ['', name] : [name.slice(0, slash), name.slice(slash)]
  const room = PREFIX_WIDTH_MAX - step.length
  if (stage !== '' && room >= STAGE_WIDTH_MIN) return `${withoutMiddle(stage, room)}${step}`
  return withoutMiddle(name, PREFIX_WIDTH_MAX)
}

/** More of the end than of the beginning. */
function withoutMiddle(text: string, width: number): string {
  if (text.length <= width) return text
  const start = Math.floor((width - 1) / 3)
  return `${text.slice(0, start)}${GAP}${text.slice(text.length - (width - 1 - start))}`
}

/** A step's name as one line that is safe to print. */
export function cleanName(name: string): string {
  return stripTerminalText(name).replace(/\s+/g, ' ')
}

/**
 * Log text as lines that are safe to print. Colours of the build's own stay when `colours` is on, and end
 * with their line.
 */
export function safeLines(text: string, colours: boolean): string[] {
  const clean = colours ? sanitizeTerminalText(text) : stripTerminalText(text)
  const lines = clean.replace(/\n$/, '').split('\n')
  return lines.map((line) => (line.includes('\x1b') ? `${line}\x1b[0m` : line))
}
