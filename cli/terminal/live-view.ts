import { clearScreenDown, cursorTo, moveCursor } from 'node:readline'
import type { Status } from '../../protocol/status.js'
import { chooseSteps } from './choose-steps.js'
import { formatDuration } from './duration.js'
import { cleanName, safeLines, StepPrefixes } from './log-lines.js'
import { describeEnd } from './plain-view.js'
import { createStyle, statusMark, type Style } from './style.js'
import type { BuildView, ViewOptions, ViewStep, ViewStepEnd } from './view.js'

const FRAME_MS = 80
const SPINNER = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'
const HIDE_CURSOR = '\x1b[?25l'
const SHOW_CURSOR = '\x1b[?25h'
const WRAP_OFF = '\x1b[?7l'
const WRAP_ON = '\x1b[?7h'

interface StepState {
  readonly name: string
  status: Status
  startedAt: number
  end: ViewStepEnd | null
}

/** Log lines scroll above; the list of steps with spinner and times stays at the bottom. */
export class LiveView implements BuildView {
  readonly #options: ViewOptions
  readonly #style: Style
  readonly #steps = new Map<string, StepState>()
  readonly #prefixes = new StepPrefixes()
  readonly #timer: NodeJS.Timeout
  /** Lines that go above the list with the next frame. */
  #pending: string[] = []
  /** Lines of the list that are on screen now. */
  #drawn = 0
  #frame = 0
  #width = 0
  #closed = false

  constructor(options: ViewOptions) {
    this.#options = options
    this.#style = createStyle(options.colours)
    this.#options.stream.write(HIDE_CURSOR)
    this.#timer = setInterval(() => this.#draw(), FRAME_MS)
    this.#timer.unref()
  }

  add(step: ViewStep): void {
    const name = cleanName(step.name)
    this.#steps.set(step.id, { name, status: 'pending', startedAt: 0, end: null })
    this.#prefixes.add(step.id, step.name)
    this.#width = Math.max(this.#width, name.length)
  }

  started(id: string): void {
    const step = this.#steps.get(id)
    if (step === undefined) return
    step.status = 'running'
    step.startedAt = this.#options.now()
  }

  output(id: string, text: string): void {
    const prefix = this.#style.dim(this.#prefixes.of(id))
    for (const line of safeLines(text, this.#options.colours)) this.#pending.push(prefix + line)
  }

  finished(id: string, end: ViewStepEnd): void {
    const step = this.#steps.get(id)
    if (step === undefined) return
    step.status = end.status
    step.end = end
  }

  note(text: string): void {
    this.#pending.push(text)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    clearInterval(this.#timer)
    this.#draw({ all: true })
    this.#options.stream.write(SHOW_CURSOR)
  }

  /** Takes the list away, prints what came since, and draws the list again below it. */
  #draw({ all = false } = {}): void {
    const { stream } = this.#options
    if (this.#drawn > 0) moveCursor(stream, 0, -this.#drawn)
    cursorTo(stream, 0)
    clearScreenDown(stream)
    const lines = this.#pending
    this.#pending = []
    const list = this.#list(all ? Infinity : this.#room())
    const above = lines.map((line) => `${line}\n`).join('')
    stream.write(`${above}${WRAP_OFF}${list.map((line) => `${line}\n`).join('')}${WRAP_ON}`)
    this.#drawn = list.length
    this.#frame++
  }

  /** Lines that the list may take: half of the screen, the logs have the other half. */
  #room(): number {
    // Some pseudo-terminals have no size: they say 0.
    return Math.max(3, Math.floor((this.#options.size()?.rows || 24) / 2))
  }

  #list(room: number): string[] {
    const { shown, rest } = chooseSteps([...this.#steps.values()], room - 1)
    if (shown.length === 0) return []
    const lines = shown.map((step) => this.#describe(step))
    if (rest !== '') lines.push(this.#style.dim(rest))
    return [this.#style.dim('─'.repeat(this.#width + 20)), ...lines]
  }

  #describe(step: StepState): string {
    const name = step.name.padEnd(this.#width)
    if (step.end !== null) return `${name}  ${describeEnd(step.end, this.#style)}`
    if (step.status !== 'running') return this.#style.dim(`${name}  ${statusMark(step.status)}`)
    const spinner = SPINNER[this.#frame % SPINNER.length] ?? ''
    const elapsed = formatDuration(this.#options.now() - step.startedAt)
    return `${name}  ${this.#style.status('running', `${spinner} running ${elapsed}`)}`
  }
}
