import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { request as requestByTls } from 'node:https'
import { once } from 'node:events'

/** One event as a browser's EventSource would see it, its data parsed. */
export interface SeenEvent {
  /** The last id that was sent, as EventSource remembers it. */
  readonly id: string
  readonly event: string
  readonly data: unknown
}

/** A viewer of server-sent events on a real socket. */
export class EventStream {
  readonly #response: IncomingMessage
  readonly #events: SeenEvent[] = []
  readonly #comments: string[] = []
  #text = ''
  #lastId = ''
  #ended = false

  private constructor(response: IncomingMessage) {
    this.#response = response
    response.setEncoding('utf8')
    response.on('data', (text: string) => this.#feed(text))
    response.on('end', () => (this.#ended = true))
    response.on('error', () => (this.#ended = true))
  }

  /** @param ca certificate of the authority that a server with TLS has its own from */
  static async open(
    url: string,
    headers: Record<string, string>,
    ca?: string,
  ): Promise<EventStream> {
    const call =
      ca === undefined
        ? request(url, { headers, agent: false })
        : requestByTls(url, { headers, agent: false, ca })
    call.on('error', () => undefined)
    call.end()
    const [response] = (await once(call, 'response')) as [IncomingMessage]
    if (response.statusCode !== 200) throw new Error(`status ${String(response.statusCode)}`)
    return new EventStream(response)
  }

  /** The next `count` events, fewer when the stream ends before. */
  async take(count: number): Promise<SeenEvent[]> {
    while (this.#events.length < count && !this.#ended) await this.#news()
    return this.#events.splice(0, count)
  }

  /** Waits for the next comment and checks what it says. */
  async comment(text: string): Promise<void> {
    while (this.#comments.length === 0 && !this.#ended) await this.#news()
    const comment = this.#comments.shift()
    if (comment !== text) throw new Error(`no comment '${text}' but ${JSON.stringify(comment)}`)
  }

  pause(): void {
    this.#response.pause()
  }

  resume(): void {
    this.#response.resume()
  }

  close(): void {
    this.#response.destroy()
  }

  async #news(): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#response.off('data', done).off('close', done).off('end', done)
        resolve()
      }
      this.#response.on('data', done).on('close', done).on('end', done)
    })
  }

  #feed(text: string): void {
    const blocks = (this.#text + text).split('\n\n')
    this.#text = blocks.pop() ?? ''
    for (const block of blocks) this.#block(block.split(/\r\n|\n|\r/))
  }

  #block(lines: readonly string[]): void {
    let event = 'message'
    const data: string[] = []
    for (const line of lines) {
      const colon = line.indexOf(':')
      const value = line.slice(colon + 1).replace(/^ /, '')
      const field = line.slice(0, colon)
      if (field === '') this.#comments.push(value)
      else if (field === 'id') this.#lastId = value
      else if (field === 'event') event = value
      else if (field === 'data') data.push(value)
      else throw new Error(`not a field of an event: ${line}`)
    }
    if (data.length === 0) return
    this.#events.push({ id: this.#lastId, event, data: JSON.parse(data.join('\n')) as unknown })
  }
}
