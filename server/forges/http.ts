import type { IncomingHttpHeaders } from 'node:http'
import { Agent, type Dispatcher } from 'undici'
import { messageOf } from '../../protocol/errors.js'
import { forgeFailed, forgeUnreachable } from './errors.js'
import { refusal } from './refusal.js'
import {
  ANSWER_BYTES_MAX,
  ANSWER_MS,
  CONNECTIONS_MAX,
  CONNECT_MS,
  ERROR_BYTES_MAX,
  EXCHANGE_MS,
  REDIRECTS_MAX,
} from './limits.js'

export interface ForgeRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Behind the API's address, its parts encoded: `/user`. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly json?: unknown
  /** Value of the header `Authorization`. */
  readonly authorization: string
  /** Statuses besides 2xx that are no failure. */
  readonly expects?: readonly number[]
  readonly signal?: AbortSignal | undefined
}

export interface ForgeAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Parsed JSON; undefined for an empty body. Nothing is known about its shape. */
  readonly body: unknown
}

export interface ForgeHttpOptions {
  /** How people call it: `github.com`. */
  readonly name: string
  /** Address of the API without a slash at its end. */
  readonly apiUrl: string
  readonly accept?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Times that tests shorten, in milliseconds. */
  readonly timing?: { readonly answerMs?: number; readonly exchangeMs?: number } | undefined
}

/**
 * One forge's API over HTTP: everything bounded, nothing tried twice. A token goes to the API's own origin
 * only, wherever redirects lead.
 */
export class ForgeHttp {
  readonly name: string
  readonly apiUrl: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #agent: Agent
  readonly #exchangeMs: number

  constructor({ name, apiUrl, accept, headers, timing = {} }: ForgeHttpOptions) {
    this.name = name
    this.apiUrl = apiUrl
    this.#headers = { accept: accept ?? 'application/json', 'user-agent': 'sandpiper', ...headers }
    this.#exchangeMs = timing.exchangeMs ?? EXCHANGE_MS
    const answerMs = timing.answerMs ?? ANSWER_MS
    this.#agent = new Agent({
      connect: { timeout: CONNECT_MS },
      connections: CONNECTIONS_MAX,
      headersTimeout: answerMs,
      bodyTimeout: answerMs,
      pipelining: 1,
    })
  }

  /** @throws ForgeError, the reason of the signal */
  async request(request: ForgeRequest): Promise<ForgeAnswer> {
    let url = this.#urlOf(request)
    for (let redirects = 0; ; redirects++) {
      const response = await this.#send(url, request)
      const next = redirectOf(response, url, request.method ?? 'GET')
      if (next === null) return await this.#read(response, request)
      await response.body.dump({ limit: ERROR_BYTES_MAX }).catch(() => undefined)
      if (redirects === REDIRECTS_MAX) throw forgeFailed(this.name, 'it redirects without an end')
      if (next.origin !== url.origin) {
        throw forgeFailed(this.name, `it redirects to ${next.host}, where its token must not go`)
      }
      url = next
    }
  }

  close(): Promise<void> {
    return this.#agent.destroy()
  }

  #urlOf({ path, query }: ForgeRequest): URL {
    const url = new URL(this.apiUrl + path)
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value)
    return url
  }

  async #send(url: URL, request: ForgeRequest): Promise<Dispatcher.ResponseData> {
    const { method = 'GET', json, authorization, signal } = request
    signal?.throwIfAborted()
    try {
      return await this.#agent.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method,
        headers: {
          ...this.#headers,
          authorization,
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body: json === undefined ? null : JSON.stringify(json),
        signal: this.#deadline(signal),
      })
    } catch (error) {
      signal?.throwIfAborted()
      throw forgeUnreachable(this.name, reasonOf(error), error)
    }
  }

  #deadline(signal: AbortSignal | undefined): AbortSignal {
    const timeout = AbortSignal.timeout(this.#exchangeMs)
    return signal ? AbortSignal.any([signal, timeout]) : timeout
  }

  async #read(
    response: Dispatcher.ResponseData,
    { expects = [], signal }: ForgeRequest,
  ): Promise<ForgeAnswer> {
    const { statusCode: status, headers } = response
    const isGood = (status >= 200 && status < 300) || expects.includes(status)
    const bytesMax = isGood ? ANSWER_BYTES_MAX : ERROR_BYTES_MAX
    const { text, isWhole } = await this.#text(response, bytesMax, signal)
    if (!isGood) throw refusal(this.name, { status, headers, text })
    if (!isWhole) throw forgeFailed(this.name, `its answer has more than ${bytesMax} bytes`)
    return { status, headers, body: this.#parse(text, headers, status) }
  }

  async #text(
    { body }: Dispatcher.ResponseData,
    bytesMax: number,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly text: string; readonly isWhole: boolean }> {
    // Without a listener an error after the last read would end the process.
    body.on('error', () => undefined)
    const chunks: Buffer[] = []
    let size = 0
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        size += chunk.length
        if (size > bytesMax) break
        chunks.push(chunk)
      }
    } catch (error) {
      signal?.throwIfAborted()
      throw forgeUnreachable(this.name, `its answer broke off: ${reasonOf(error)}`, error)
    }
    return { text: Buffer.concat(chunks).toString('utf8'), isWhole: size <= bytesMax }
  }

  #parse(text: string, headers: IncomingHttpHeaders, status: number): unknown {
    if (text.trim() === '') return undefined
    const type = headers['content-type'] ?? 'no type'
    // The plain text that Bitbucket Server says the user's name in is its reader's.
    if (!/\bjson\b/i.test(type)) {
      if (/^text\/plain\b/i.test(type)) return text
      throw forgeFailed(this.name, `it answers with ${type.slice(0, 100)} instead of JSON`, {
        status,
        again: true,
      })
    }
    try {
      return JSON.parse(text) as unknown
    } catch (error) {
      throw forgeFailed(this.name, 'its answer is no JSON', { status, again: true, cause: error })
    }
  }
}

/** Where an answer sends us; null when it does not. Others than GET are sent again by 307 and 308 only. */
function redirectOf(
  { statusCode, headers }: Dispatcher.ResponseData,
  url: URL,
  method: string,
): URL | null {
  const isFollowed = method === 'GET' ? [301, 302, 303, 307, 308] : [307, 308]
  const { location } = headers
  if (!isFollowed.includes(statusCode) || typeof location !== 'string') return null
  return URL.canParse(location, url.href) ? new URL(location, url) : null
}

function reasonOf(error: unknown): string {
  // Not by class: what an AbortSignal throws is a DOMException of Node's own.
  const { name, code } = error as { readonly name?: unknown; readonly code?: unknown }
  const isLate = [name, code].some((one) => LATE.includes(one))
  return isLate ? 'it took too long to answer' : messageOf(error)
}

const LATE: readonly unknown[] = [
  'TimeoutError',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]
