import { formatDuration } from './duration.js'
import { safeLines, StepPrefixes } from './log-lines.js'
import { stripTerminalText } from './sanitize.js'
import { createStyle, statusMark, type Style } from './style.js'
import type { BuildView, ViewOptions, ViewStep, ViewStepEnd } from './view.js'

/** Log lines with their step's name before them; for files, pipes and CI logs. */
export class PlainView implements BuildView {
  readonly #options: ViewOptions
  readonly #style: Style
  readonly #prefixes = new StepPrefixes()

  constructor(options: ViewOptions) {
    this.#options = options
    this.#style = createStyle(options.colours)
  }

  add(step: ViewStep): void {
    this.#prefixes.add(step.id, step.name)
  }

  started(id: string): void {
    this.#line(id, this.#style.dim('started'))
  }

  output(id: string, text: string): void {
    for (const line of safeLines(text, this.#options.colours)) this.#line(id, line)
  }

  finished(id: string, end: ViewStepEnd): void {
    this.#line(id, describeEnd(end, this.#style))
  }

  note(text: string): void {
    this.#options.stream.write(`${text}\n`)
  }

  close(): void {
    // Every line has been written already.
  }

  #line(id: string, text: string): void {
    this.#options.stream.write(`${this.#style.dim(this.#prefixes.of(id))}${text}\n`)
  }
}

/** `✓ success in 1.2s`, `✗ failure in 0.3s: exit code 1`. */
export function describeEnd(end: ViewStepEnd, style: Style): string {
  const time = end.status === 'skipped' ? '' : ` in ${formatDuration(end.durationMs)}`
  const exit = end.exitCode === 0 ? '' : `exit code ${end.exitCode}`
  const reason = stripTerminalText(end.error).replace(/\s+/g, ' ').trim() || exit
  const text = `${statusMark(end.status)} ${end.status}${time}${reason === '' ? '' : `: ${reason}`}`
  return style.status(end.status, text)
}
