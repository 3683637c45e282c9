import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely'
import type { PoolClient, PoolConfig } from 'pg'
import { Pool } from 'pg'
import { messageOf } from '../../../protocol/errors.js'
import { storeUnavailable } from '../../errors.js'
import { postgresFailure } from './failure.js'
import { NUMBER_TYPES } from './number-types.js'

export interface PoolOptions {
  /** `postgres://user@host:port/name`; its parameters are libpq's: `sslmode`, `sslrootcert`, `host` of a socket. */
  readonly url: string
  /** Instead of one in the URL. */
  readonly password?: string
  readonly connectionsMax: number
  /** How long one statement may take, in milliseconds; 0: any time. */
  readonly statementMs: number
}

/** How long a query waits for a connection: a moment longer than a failover takes would be too long for a webhook. */
const CONNECT_MS = 5_000
/** Beyond a statement's own time, after which a connection that gives no sign is dead. */
const REPLY_WITHIN_MS = 5_000
/** A server that was stopped in a transaction must not hold its locks against the others. */
const IDLE_IN_TRANSACTION_MS = 30_000
const IDLE_MS = 30_000

/** A bounded number of connections. One that is lost fails the query that is on it; the next query gets a new one. */
export function openPool(options: PoolOptions): PostgresPool {
  const pool = new Pool(configOf(options))
  // Connections that wait in the pool end with the server; whoever asks next gets a new one.
  pool.on('error', () => undefined)
  return {
    connect: async () => {
      try {
        return guarded(await pool.connect())
      } catch (error) {
        // Whatever it is, no query is at fault.
        throw storeUnavailable(messageOf(error), error)
      }
    },
    end: () => pool.end(),
  }
}

function configOf({ url, password, connectionsMax, statementMs }: PoolOptions): PoolConfig {
  return {
    connectionString: url,
    ...(password === undefined ? {} : { password }),
    max: connectionsMax,
    connectionTimeoutMillis: CONNECT_MS,
    idleTimeoutMillis: IDLE_MS,
    keepAlive: true,
    application_name: 'sandpiper',
    types: NUMBER_TYPES,
    ...(statementMs === 0
      ? {}
      : {
          statement_timeout: statementMs,
          query_timeout: statementMs + REPLY_WITHIN_MS,
          idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
        }),
  }
}

/** One client for each connection: Kysely knows them by identity. */
const GUARDED = new WeakMap<PoolClient, GuardedClient>()

function guarded(client: PoolClient): PostgresPoolClient {
  const known = GUARDED.get(client) ?? new GuardedClient(client)
  GUARDED.set(client, known)
  return known.client
}

/** Queries of one connection, which is thrown away once it has failed. */
class GuardedClient {
  readonly #client: PoolClient
  #failure: Error | undefined
  readonly client: PostgresPoolClient

  constructor(client: PoolClient) {
    this.#client = client
    client.on('error', (error) => (this.#failure ??= error))
    const query = (text: string, parameters: readonly unknown[]) => this.#query(text, parameters)
    this.client = {
      query: query as PostgresPoolClient['query'],
      release: () => client.release(this.#failure),
    }
  }

  async #query(
    text: string,
    parameters: readonly unknown[],
  ): Promise<PostgresQueryResult<unknown>> {
    // What it answers now may be the answer to an earlier question.
    if (this.#failure) throw storeUnavailable(this.#failure.message, this.#failure)
    try {
      const result = await this.#client.query(text, parameters.map(withoutNul))
      return result as unknown as PostgresQueryResult<unknown>
    } catch (error) {
      const failure = postgresFailure(error)
      if (failure !== error && !isAnswer(error)) this.#failure = error as Error
      throw failure
    }
  }
}

/** True when the server itself told what is wrong, over a connection that works. */
function isAnswer(error: unknown): boolean {
  return typeof (error as { readonly severity?: unknown }).severity === 'string'
}

/** Text of Postgres has no NUL (manual, 8.3), which strangers can write into names and messages. */
function withoutNul(value: unknown): unknown {
  return typeof value === 'string' && value.includes('\0')
    ? value.replaceAll('\0', '\uFFFD')
    : value
}
