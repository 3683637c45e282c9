import type { IncomingHttpHeaders } from 'node:http'
import type { BuildEvent } from '../../pipelines/event.js'
import type { SignatureScheme } from './signature.js'

/** How one kind of sender signs and words its deliveries. */
export interface HookFormat {
  /** `git`, `github`, ...: last part of the hook's path, and the deliveries' `forge`. */
  readonly forge: string
  readonly scheme: SignatureScheme
  /** Field that has the repo's path, or its name alone; others in the body may have the same name. */
  readonly repoField: string
  /** True where whoever can send a body can send any: then an equal body under a new id is another delivery. */
  readonly trustsIds?: boolean
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
  /** One for each ref to build; empty when it makes no build. */
  readonly events: readonly BuildEvent[]
  /** Why it makes no build; empty when it makes one. */
  readonly reason: string
  /** Names what happened, where the forge tells of it in two events (`push` and `create` of a tag). */
  readonly eventKey?: string
}

/** What an event module makes of a payload: events to build, or why there are none. */
export type EventReading = Pick<HookReading, 'events' | 'reason' | 'eventKey'>

/** A payload that makes a build. */
export function builds(event: BuildEvent): EventReading {
  return { events: [event], reason: '' }
}

/** A payload that makes no build. */
export function buildsNothing(reason: string): EventReading {
  return { events: [], reason }
}

/** What the readings of one payload's refs make together: the builds of all, or all the reasons. */
export function together(readings: readonly EventReading[]): EventReading {
  const events = readings.flatMap((reading) => reading.events)
  if (events.length > 0) return { events, reason: '' }
  return buildsNothing([...new Set(readings.map(({ reason }) => reason))].join('; '))
}
