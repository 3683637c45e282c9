import type {} from '@fastify/swagger'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyTypeProvider,
  RawServerDefault,
} from 'fastify'
import type { Static, TSchema } from 'typebox'
import type { ServerServices } from '../services.js'
import type { LogHub } from './log-stream/hub.js'

/** Requests have the types of their routes' schemas; answers are checked by the tests, not by their types. */
export interface ApiTypes extends FastifyTypeProvider {
  readonly validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown
  readonly serializer: unknown
}

/** A Fastify whose requests have the types of their routes' schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ApiTypes
>

/** What routes work with. */
export interface HttpContext {
  readonly services: ServerServices
  /** Address that people and forges reach the server under, without a slash at its end. */
  readonly publicUrl: () => string
  /** Largest body of a webhook. */
  readonly bodyBytesMax: number
  readonly version: string
  /** Each of them opens `/metrics`. */
  readonly metricsTokens: readonly string[]
  /** Aborted when the server closes: whoever follows a log must let go. */
  readonly closing: AbortSignal
  /** What those who look at logs share. */
  readonly logs: LogHub
}

/** How often a viewer that waits for a log hears or looks, in milliseconds. */
export interface FollowTimes {
  /** Between two heartbeat comments of an event stream. */
  readonly heartbeatMs: number
  /** Between two looks at the step's state when nothing woke the viewer. */
  readonly recheckMs: number
}
