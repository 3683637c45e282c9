import type { Contender } from '../stats.js'

/** Something that makes sandboxes, measured by running `true` in one of its own each time. */
export interface SandboxMaker extends Contender {
  /** Part of the rounds that it takes part in: less than 1 for what is too slow for all of them. */
  readonly share: number
  /** A start of its own that fails is counted, and ends nothing: peers are as they are. */
  readonly mayFail?: boolean
  /** Starts one that sleeps until it is ended; absent: can't. */
  readonly sleep?: () => Promise<Held>
  /** Makes one ready to start and lets it wait; absent: can't. */
  readonly wait?: () => Promise<Held>
  /** Removes what it made for itself. */
  readonly close?: () => Promise<void>
}

/** A sandbox that is there until it is ended. */
export interface Held {
  end(): Promise<void>
}

/** A maker that this machine has not, or that refuses to run on it. */
export interface Absent {
  readonly name: string
  readonly why: string
}

export function isAbsent(peer: SandboxMaker | Absent): peer is Absent {
  return 'why' in peer
}

export function isMaker(peer: SandboxMaker | Absent): peer is SandboxMaker {
  return !isAbsent(peer)
}
