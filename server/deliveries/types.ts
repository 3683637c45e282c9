import type { Build, Repo } from '../services.js'
import type { DeliveryLogHead } from '../store/delivery-log.js'

export const DELIVERY_OUTCOMES = ['built', 'ignored', 'duplicate', 'refused'] as const
/** What became of a delivery. */
export type DeliveryOutcome = (typeof DELIVERY_OUTCOMES)[number]

/** What came in, for the log: everything that no answer tells. */
export interface DeliveryRecord {
  /** When it arrived: Unix time in milliseconds. */
  readonly arrived: number
  /** Headers by lower-case name, without secrets. */
  readonly headersJson: string
  /** The raw body, packed; null when it is not kept. */
  readonly body: string | null
  readonly bodyBytes: number
  /** Entry that it repeats, and for whom; absent for what comes from outside. */
  readonly redelivery?: { readonly original: number; readonly requestedBy: string }
}

/** A delivery as its sender made it. */
export interface NewDelivery {
  readonly forge: string
  readonly deliveryId: string
  /** Hex. */
  readonly bodySha256: string
  readonly event: string
  /** Names what happened, where the forge tells of it in two events. */
  readonly eventKey?: string
  /** For the log; absent: it is not logged. */
  readonly record?: DeliveryRecord
}

/** What became of a delivery. `duplicate` deliveries answer with what the first one made. */
export interface DeliveryResult {
  readonly duplicate: boolean
  /** The first of the builds, or null. */
  readonly build: Build | null
  /** One for each ref. */
  readonly builds: readonly Build[]
  /** Why no build was made; empty when one was. */
  readonly reason: string
}

/** An entry with what lists leave out. */
export interface LoggedDelivery extends DeliveryLogHead {
  readonly headers: Readonly<Record<string, string>>
  /** Null when it was not kept. */
  readonly body: Buffer | null
}

/** The log of webhooks. */
export interface DeliveryLog {
  /** Newest first; `before` is an entry's id. */
  list(
    repo: Repo,
    page: { readonly limit: number; readonly before?: number | undefined },
  ): Promise<readonly DeliveryLogHead[]>
  find(repo: Repo, id: number): Promise<LoggedDelivery | null>
  /** Notes one that was turned away; bounded, and not worth waiting for. */
  refused(repo: Repo, refusal: Refusal): void
}

/** A delivery that was turned away. */
export interface Refusal {
  readonly forge: string
  readonly deliveryId: string
  readonly event: string
  readonly status: number
  readonly reason: string
  readonly record: DeliveryRecord
}
