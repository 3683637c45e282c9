import { setMaxListeners } from 'node:events'
import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { badAnswer } from '../errors.js'
import { ERROR_BYTES_MAX, STALL_BYTES } from '../limits.js'
import type { Timeouts } from '../types.js'
import type { Connections, Peer, Route, Target } from './connections.js'
import { connectionError } from './failures.js'
import { ProxyFailure } from './proxy-failure.js'
import { Pace, Watchdog } from './watchdog.js'

export interface Message {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>
  /** For the whole answer, with its body: a small one. Else only silence and trickle end it. */
  readonly withinMs?: number
  readonly signal?: AbortSignal | undefined
}

export interface Ways {
  readonly connections: Connections
  readonly timeouts: Timeouts
}

/** Sends one message. @param where how people call the server @throws RegistryError */
export async function exchange(
  { connections, timeouts }: Ways,
  peer: Peer,
  where: string,
  message: Message,
): Promise<Answer> {
  const lifeline = new Lifeline(message.signal)
  const source = message.body && new Source(message.body, lifeline, timeouts)
  const firstMs = message.withinMs ?? timeouts.connectMs + timeouts.answerMs
  lifeline.watchdog.start(firstMs, 'there was no answer')
  const target: Target = { where, url: message.url, route: null }
  try {
    target.route = connections.route(message.url, peer)
    const { dispatcher, origin, path, headers } = target.route
    const response = await dispatcher.request({
      ...{ origin, path, method: message.method, headers: { ...message.headers, ...headers } },
      signal: lifeline.signal,
      ...(source ? { body: source.body } : {}),
    })
    await refuseProxysOwn(response, target.route)
    if (message.withinMs === undefined) lifeline.watchdog.pause()
    return new Answer({ response, target, lifeline, timeouts })
  } catch (error) {
    lifeline.end()
    message.signal?.throwIfAborted()
    if (source?.error) throw source.error
    throw connectionError(error, target)
  }
}

/** 407 comes from no server but the proxy (RFC 9110, 15.5.8). @throws ProxyFailure */
async function refuseProxysOwn(
  { statusCode, body }: Dispatcher.ResponseData,
  { kind, proxy }: Route,
): Promise<void> {
  if (kind !== 'forward' || statusCode !== 407) return
  body.on('error', () => undefined)
  await body.dump({ limit: ERROR_BYTES_MAX }).catch(() => undefined)
  throw new ProxyFailure({ status: statusCode, hadCredentials: proxy?.hasCredentials === true })
}

/** An answer whose body is still to be read, or to be discarded. */
export class Answer {
  readonly status: number
  readonly url: URL
  readonly where: string
  readonly #response: Dispatcher.ResponseData
  readonly #target: Target
  readonly #lifeline: Lifeline
  readonly #timeouts: Timeouts

  constructor(parts: {
    readonly response: Dispatcher.ResponseData
    readonly target: Target
    readonly lifeline: Lifeline
    readonly timeouts: Timeouts
  }) {
    this.status = parts.response.statusCode
    this.url = parts.target.url
    this.where = parts.target.where
    this.#target = parts.target
    this.#response = parts.response
    this.#lifeline = parts.lifeline
    this.#timeouts = parts.timeouts
    // Without a listener an error after the last read would end the process.
    parts.response.body.on('error', () => undefined)
    parts.response.body.once('close', () => parts.lifeline.end())
  }

  /** A header's value; several of one name are joined with commas. Null for none. */
  header(name: string): string | null {
    const value = this.#response.headers[name]
    if (value === undefined) return null
    return typeof value === 'string' ? value : value.join(', ')
  }

  /** The body as it comes. Ends the connection when it is left early. @throws RegistryError */
  async *body(): AsyncGenerator<Buffer> {
    const pace = new Pace(this.#timeouts.stallMs, STALL_BYTES)
    const chunks = this.#response.body[Symbol.asyncIterator]() as AsyncIterator<Buffer>
    try {
      for (;;) {
        const started = performance.now()
        this.#lifeline.watchdog.start(pace.leftMs, 'next to nothing came')
        const next = await chunks.next()
        this.#lifeline.watchdog.pause()
        if (next.done) return
        pace.add(next.value.length, performance.now() - started)
        yield next.value
      }
    } catch (error) {
      throw this.#failure(error)
    } finally {
      this.#response.body.destroy()
      this.#lifeline.end()
    }
  }

  /** The whole body of a small answer. @throws RegistryError, also when it has more than `bytesMax` */
  async read(bytesMax: number, what: string): Promise<Buffer> {
    const { bytes, isWhole } = await this.#readUpTo(bytesMax)
    if (!isWhole) throw badAnswer(this.where, `${what} has more than ${String(bytesMax)} bytes`)
    return bytes
  }

  /** The beginning of a body that tells an error; what can't be read of it is left out. */
  async errorText(): Promise<string> {
    try {
      return (await this.#readUpTo(ERROR_BYTES_MAX)).bytes.toString('utf8')
    } catch {
      this.#lifeline.throwIfAborted()
      return ''
    }
  }

  /** Lets go of the body, and keeps the connection if that costs little. */
  async discard(): Promise<void> {
    this.#lifeline.watchdog.start(this.#timeouts.stallMs, 'the answer did not end')
    try {
      await this.#response.body.dump({ limit: ERROR_BYTES_MAX, signal: this.#lifeline.signal })
    } catch {
      this.#lifeline.throwIfAborted()
    } finally {
      this.#lifeline.end()
    }
  }

  async #readUpTo(
    bytesMax: number,
  ): Promise<{ readonly bytes: Buffer; readonly isWhole: boolean }> {
    const chunks: Buffer[] = []
    let size = 0
    try {
      for await (const chunk of this.#response.body as AsyncIterable<Buffer>) {
        size += chunk.length
        if (size > bytesMax) return { bytes: Buffer.concat(chunks), isWhole: false }
        chunks.push(chunk)
      }
      return { bytes: Buffer.concat(chunks), isWhole: true }
    } catch (error) {
      throw this.#failure(error)
    } finally {
      this.#lifeline.end()
    }
  }

  #failure(error: unknown): unknown {
    this.#lifeline.throwIfAborted()
    return connectionError(error, this.#target)
  }
}

/** Whether the body is a page for people's browsers. */
export function isPage(answer: Answer): boolean {
  return /^text\/html|^application\/xhtml/i.test(answer.header('content-type') ?? '')
}

/** What ends an exchange: the caller's signal, or a time that has passed. */
class Lifeline {
  readonly watchdog = new Watchdog((error) => this.#controller.abort(error))
  readonly #controller = new AbortController()
  readonly #parent: AbortSignal | undefined
  readonly #aborted = (): void => this.#controller.abort(this.#parent?.reason)

  constructor(parent: AbortSignal | undefined) {
    this.#parent = parent
    parent?.throwIfAborted()
    // Many blobs come at once on one signal; Node takes more than ten listeners for a leak.
    if (parent) setMaxListeners(0, parent)
    parent?.addEventListener('abort', this.#aborted, { once: true })
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  throwIfAborted(): void {
    this.#parent?.throwIfAborted()
  }

  end(): void {
    this.watchdog.pause()
    this.#parent?.removeEventListener('abort', this.#aborted)
  }
}

/** A body that is sent: its source's own failure is told as that, and its own time does not count. */
class Source {
  /** What the source threw. */
  error: Error | undefined
  readonly body: Uint8Array | Readable

  constructor(
    body: Uint8Array | AsyncIterable<Uint8Array>,
    lifeline: Lifeline,
    timeouts: Timeouts,
  ) {
    this.body =
      body instanceof Uint8Array
        ? body
        : Readable.from(this.#pump(body, lifeline, timeouts), { objectMode: false })
  }

  async *#pump(
    source: AsyncIterable<Uint8Array>,
    { watchdog }: Lifeline,
    timeouts: Timeouts,
  ): AsyncGenerator<Uint8Array> {
    try {
      watchdog.pause()
      for await (const chunk of source) {
        watchdog.start(timeouts.stallMs, 'nothing more was taken')
        yield chunk
        watchdog.pause()
      }
      watchdog.start(timeouts.answerMs, 'there was no answer')
    } catch (error) {
      this.error = error instanceof Error ? error : new Error(String(error))
      throw error
    }
  }
}
