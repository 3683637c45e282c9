import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import {
  createServer,
  request as forward,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { connect, type AddressInfo, type Socket } from 'node:net'
import type { TestCertificates } from './certificates.js'

export interface TestProxyOptions {
  /** `HOST:PORT` as it is asked for -> where that really is. All else is not there (502). */
  readonly hosts: Readonly<Record<string, string>>
  /** `USER:PASSWORD` that it wants. */
  readonly login?: string
  /** Speaks TLS with these. */
  readonly certificates?: TestCertificates
}

/** A request to the proxy, as it came. */
export interface Proxied {
  readonly method: string
  /** `HOST:PORT` of a CONNECT, else a URL. */
  readonly target: string
  readonly headers: IncomingMessage['headers']
}

/** A small HTTP proxy on loopback, for tests. It knows names that DNS does not. */
export class TestProxy {
  /** `HOST:PORT` */
  host = ''
  readonly requests: Proxied[] = []
  /** Bytes that a tunnel still gives before the proxy ends it, one entry for each of the next tunnels. */
  readonly breaksAfter: number[] = []
  /** What a CONNECT is answered instead; silence for 0. */
  refusal: number | null = null
  readonly #options: TestProxyOptions
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(options: TestProxyOptions) {
    this.#options = options
    const { certificates } = options
    this.#server = certificates
      ? createTlsServer({
          cert: readFileSync(certificates.certFile),
          key: readFileSync(certificates.keyFile),
        })
      : createServer()
    this.#server.on('connection', (socket: Socket) => this.#keep(socket))
    this.#server.on('request', (request, response) => this.#forward(request, response))
    this.#server.on('connect', (request, socket: Socket) => this.#connect(request, socket))
  }

  static async start(options: TestProxyOptions): Promise<TestProxy> {
    const proxy = new TestProxy(options)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    proxy.host = `127.0.0.1:${String((proxy.#server.address() as AddressInfo).port)}`
    return proxy
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => this.#sockets.delete(socket))
  }

  #connect(request: IncomingMessage, socket: Socket): void {
    const target = this.#note(request)
    if (this.refusal === 0) return
    if (!this.#letsIn(request)) {
      answer(socket, 407)
      return
    }
    if (this.refusal !== null) {
      answer(socket, this.refusal)
      return
    }
    const [host = '', port = ''] = (this.#options.hosts[target] ?? '').split(':')
    if (host === '') {
      answer(socket, 502)
      return
    }
    const onward = connect(Number(port), host)
    this.#keep(onward)
    onward.on('connect', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      socket.pipe(onward)
      this.#giveBack(onward, socket, this.breaksAfter.shift() ?? Infinity)
    })
    onward.on('close', () => socket.destroy())
    socket.on('close', () => onward.destroy())
  }

  #giveBack(from: Socket, to: Socket, bytesMax: number): void {
    let left = bytesMax
    from.on('data', (chunk: Buffer) => {
      left -= chunk.length
      to.write(left < 0 ? chunk.subarray(0, left) : chunk)
      if (left < 0) to.destroy()
    })
  }

  #forward(request: IncomingMessage, response: ServerResponse): void {
    const target = this.#note(request)
    if (!this.#letsIn(request)) return void response.writeHead(407).end()
    const url = new URL(target)
    const real = this.#options.hosts[url.host]
    if (real === undefined) return void response.writeHead(502).end()
    const { 'proxy-authorization': _, ...headers } = request.headers
    const { method } = request
    const path = `http://${real}${url.pathname}${url.search}`
    const onward = forward(path, { method, headers, agent: false }, (incoming) => {
      response.writeHead(incoming.statusCode ?? 502, incoming.headers)
      incoming.pipe(response)
    })
    onward.on('error', () => response.destroy())
    request.pipe(onward)
  }

  #note({ method = '', url = '', headers }: IncomingMessage): string {
    this.requests.push({ method, target: url, headers })
    return url
  }

  #letsIn({ headers }: IncomingMessage): boolean {
    const { login } = this.#options
    if (login === undefined) return true
    return headers['proxy-authorization'] === `Basic ${Buffer.from(login).toString('base64')}`
  }
}

function answer(socket: Socket, status: number): void {
  socket.end(`HTTP/1.1 ${String(status)} No\r\nContent-Length: 0\r\n\r\n`)
}
