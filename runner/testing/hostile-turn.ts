import type { IncomingMessage, ServerResponse } from 'node:http'

/** What a proper registry would answer. */
export interface Proper {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** What goes wrong with one request. */
export type Fault = (turn: Turn) => void | Promise<void>

/** One request to a hostile registry, and what it does with it. */
export class Turn {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly #proper: () => Promise<Proper>
  readonly #ends: (() => void)[]

  /** @param ends is called when the registry stops */
  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    proper: () => Promise<Proper>,
    ends: (() => void)[],
  ) {
    this.request = request
    this.response = response
    this.#proper = proper
    this.#ends = ends
  }

  async take(fault: Fault | undefined): Promise<void> {
    try {
      await (fault ?? answerProperly)(this)
    } catch {
      // Who asked has gone, or the registry behind has.
      this.drop()
    }
  }

  proper(): Promise<Proper> {
    return this.#proper()
  }

  /** Ends the connection without a word. */
  drop(): void {
    this.request.socket.destroy()
  }

  send({ status, headers, body }: Proper): void {
    const length = { 'content-length': String(body.length) }
    const isHead = this.request.method === 'HEAD'
    this.response.writeHead(status, {
      ...(isHead && headers['content-length'] ? {} : length),
      ...headers,
    })
    this.response.end(isHead ? undefined : body)
  }

  /** Writes, and waits until it is on its way. False when the other side has gone. */
  async write(bytes: Buffer): Promise<boolean> {
    if (this.response.destroyed) return false
    await new Promise((resolve) => {
      this.response.once('close', resolve)
      this.response.write(bytes, resolve)
    })
    return !this.response.destroyed
  }

  /** Calls it again and again until the other side, or the registry, has gone. */
  repeat(everyMs: number, work: () => void): void {
    const timer = setInterval(work, everyMs)
    const end = (): void => clearInterval(timer)
    this.response.once('close', end)
    this.#ends.push(end)
  }
}

async function answerProperly(turn: Turn): Promise<void> {
  turn.send(await turn.proper())
}
