import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { TSchema } from 'typebox'
import { Errors } from 'typebox/value'

/** A request as a stand-in got it. */
export interface SeenRequest {
  readonly method: string
  /** Without the query, as it came. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  /** Parsed JSON, or undefined. */
  readonly body: unknown
}

export interface StandInAnswer {
  readonly status: number
  /** Sent as JSON; text as it is. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** One address of an API, as its documentation has it. */
export interface StandInRoute {
  readonly method: string
  /** Of the whole path; its groups are the parameters. */
  readonly path: RegExp
  /** What the body must be; without one there must be none. */
  readonly body?: TSchema
  answer(request: SeenRequest, parameters: readonly string[]): StandInAnswer
}

/** What a forge is like. */
export interface ForgeModel {
  readonly routes: readonly StandInRoute[]
  /** Refuses what the real one refuses before it looks at the address: null lets it in. */
  gate(request: SeenRequest): StandInAnswer | null
  readonly notFound: StandInAnswer
  /** The answer to a body that is not as documented. */
  invalid(problem: string): StandInAnswer
}

/** What goes wrong with the next request instead of an answer. */
export type Fault =
  | { readonly kind: 'answer'; readonly answer: StandInAnswer }
  /** The connection is cut, before the request is acted upon or (`after`) when it was. */
  | { readonly kind: 'reset'; readonly after?: boolean }
  /** The request is acted upon, and answered so much later. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** Held back, before it is acted upon, until the promise is fulfilled. */
  | { readonly kind: 'held'; readonly until: Promise<void> }

/** A forge on loopback that takes what the real one takes, and refuses anything else in its words. */
export class StandIn {
  readonly requests: SeenRequest[] = []
  /** Requests that were refused for what they are: a test that means none expects none. */
  readonly refused: string[] = []
  readonly faults: Fault[] = []
  /** Requests being answered, and the most there ever were. */
  active = 0
  activeMax = 0
  readonly #server: Server
  readonly #model: ForgeModel

  private constructor(server: Server, model: ForgeModel) {
    this.#server = server
    this.#model = model
  }

  static async start(model: ForgeModel): Promise<StandIn> {
    const server = createServer((request, response) => {
      standIn.#serve(request, response).catch(() => response.destroy())
    })
    const standIn = new StandIn(server, model)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return standIn
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    this.active += 1
    this.activeMax = Math.max(this.activeMax, this.active)
    response.once('close', () => (this.active -= 1))
    const request = await read(incoming)
    this.requests.push(request)
    const fault = this.faults.shift()
    if (fault?.kind === 'held') await fault.until
    if (fault?.kind === 'reset' && fault.after !== true) return void incoming.socket.destroy()
    const answer = fault?.kind === 'answer' ? fault.answer : this.#answer(request)
    if (fault?.kind === 'reset') return void incoming.socket.destroy()
    if (fault?.kind === 'slow') await delay(fault.ms, undefined, { ref: false })
    send(response, answer)
  }

  #answer(request: SeenRequest): StandInAnswer {
    const gated = this.#model.gate(request)
    if (gated) return this.#refuse(request, gated, 'not let in')
    const routes = this.#model.routes.filter(({ path }) => path.test(request.path))
    const route = routes.find(({ method }) => method === request.method)
    if (!route) {
      const why = routes.length > 0 ? 'no such method there' : 'no such address'
      return this.#refuse(request, this.#model.notFound, why)
    }
    const problem = bodyProblem(route, request)
    if (problem !== '') return this.#refuse(request, this.#model.invalid(problem), problem)
    return route.answer(request, route.path.exec(request.path)?.slice(1) ?? [])
  }

  #refuse(request: SeenRequest, answer: StandInAnswer, why: string): StandInAnswer {
    this.refused.push(`${request.method} ${request.path}: ${why}`)
    return answer
  }
}

function bodyProblem({ body: schema }: StandInRoute, { body, headers }: SeenRequest): string {
  if (!schema) return body === undefined ? '' : 'there must be no body'
  if (headers['content-type'] !== 'application/json') return 'the body is not said to be JSON'
  const [error] = Errors(schema, body)
  return error ? `${error.instancePath} ${error.message}` : ''
}

async function read(incoming: IncomingMessage): Promise<SeenRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('utf8')
  const [path = '', query = ''] = (incoming.url ?? '').split('?')
  return {
    method: incoming.method ?? '',
    path,
    query: new URLSearchParams(query),
    headers: incoming.headers,
    body: text === '' ? undefined : (JSON.parse(text) as unknown),
  }
}

function send(response: ServerResponse, { status, body, headers }: StandInAnswer): void {
  const isText = typeof body === 'string'
  response.writeHead(status, {
    ...(body === undefined ? {} : { 'content-type': isText ? 'text/html' : 'application/json' }),
    ...headers,
  })
  response.end(body === undefined ? undefined : isText ? body : JSON.stringify(body))
}
