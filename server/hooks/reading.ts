import type { IncomingHttpHeaders } from 'node:http'
import type { BuildEvent } from '../../pipelines/event.js'

/** How one kind of sender signs and words its deliveries. */
export interface HookFormat {
  /** `git`, `github`: last part of the hook's path, and the deliveries' `forge`. */
  readonly forge: string
  /** Headers that may carry the signature, lower case, the first present one counts. */
  readonly signatureHeaders: readonly string[]
  /**
   * Reads a delivery whose signature was found right.
   * @throws SandpiperError SP_HOOK_BODY_INVALID
   */
  read(headers: IncomingHttpHeaders, body: Buffer): HookReading
}

/** What a delivery says. */
export interface HookReading {
  readonly deliveryId: string
  /** `owner/name` in the signed body; null when it names no repo (say, a ping of an organisation). */
  readonly slug: string | null
  /** The sender's own name of the event. */
  readonly eventName: string
  /** Null when it makes no build. */
  readonly event: BuildEvent | null
  /** Why it makes no build; empty when it makes one. */
  readonly reason: string
}

/** What an event module makes of a payload: an event to build, or why not. */
export type EventReading =
  | { readonly event: BuildEvent; readonly reason: '' }
  | { readonly event: null; readonly reason: string }

/** A payload that makes a build. */
export function builds(event: BuildEvent): EventReading {
  return { event, reason: '' }
}

/** A payload that makes no build. */
export function buildsNothing(reason: string): EventReading {
  return { event: null, reason }
}
