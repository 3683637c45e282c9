import { sanitizeTerminalText, stripTerminalText } from './sanitize.js'

const PREFIX_WIDTH_MAX = 24

/** The step's name as a column of its own before each of its log lines. */
export function stepPrefix(name: string, width: number): string {
  const clean = cleanName(name)
  const short = clean.length > PREFIX_WIDTH_MAX ? `${clean.slice(0, PREFIX_WIDTH_MAX - 1)}…` : clean
  return `${short.padEnd(Math.min(width, PREFIX_WIDTH_MAX))} | `
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
