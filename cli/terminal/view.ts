import type { Writable } from 'node:stream'
import type { Status } from '../../protocol/status.js'
import { LiveView } from './live-view.js'
import { PlainView } from './plain-view.js'

/** Something with a status and a log on screen: a step. `id` is unique in its view. */
export interface ViewStep {
  readonly id: string
  /** Shown before its log lines and in the list of steps. Untrusted text. */
  readonly name: string
}

/** How a step ended. */
export interface ViewStepEnd {
  readonly status: Status
  readonly exitCode: number
  /** Why, in words; empty when there is nothing to say. Untrusted text. */
  readonly error: string
  readonly durationMs: number
}

/** Shows a build as it happens. */
export interface BuildView {
  /** Makes the step known before it starts, so that the list has its final order. */
  add(step: ViewStep): void
  started(id: string): void
  /** Text of one or more log lines; untrusted. */
  output(id: string, text: string): void
  finished(id: string, end: ViewStepEnd): void
  /** A line of our own between the logs. */
  note(text: string): void
  /** Prints what is left and gives the terminal back. Call it also after a failure; twice does no harm. */
  close(): void
}

export interface ViewOptions {
  readonly stream: Writable
  /** Size of the terminal, or null when the stream is none: then plain lines are written. */
  readonly size: () => { readonly columns: number; readonly rows: number } | null
  readonly colours: boolean
  /** Unix time in milliseconds. */
  readonly now: () => number
}

/** A live view on a terminal, prefixed plain lines anywhere else. */
export function createBuildView(options: ViewOptions): BuildView {
  return options.size() === null ? new PlainView(options) : new LiveView(options)
}
