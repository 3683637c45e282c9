import { request } from 'node:http'
import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'
import { HEADER_BYTES_MAX } from '../limits.js'
import { ProxyFailure } from './proxy-failure.js'
import type { Proxy } from './proxy.js'
import { Stalled, Watchdog } from './watchdog.js'

export interface TunnelOptions {
  readonly proxy: Proxy
  /** Makes the connection to the proxy itself, whatever it is told. */
  readonly toProxy: buildConnector.connector
  /** Speaks TLS with the server behind it. */
  readonly overTunnel: buildConnector.connector
  /** For the proxy's answer, which comes when it has its own connection. */
  readonly connectMs: number
}

/**
 * Makes connections through a proxy by CONNECT (RFC 9110, 9.3.6): what goes over them is between us and the
 * server. Names are looked up by the proxy.
 */
export class Tunnels {
  readonly #options: TunnelOptions
  readonly #opening = new Set<Socket>()

  constructor(options: TunnelOptions) {
    this.#options = options
  }

  /** As undici wants it. Fails with ProxyFailure where it is not the server behind the proxy that fails. */
  readonly connect: buildConnector.connector = (target, callback) => {
    const { toProxy, overTunnel } = this.#options
    toProxy(target, (error, socket) => {
      if (error) {
        callback(new ProxyFailure({ cause: error }), null)
        return
      }
      this.#open(socket, target).then(
        (httpSocket) => overTunnel({ ...target, httpSocket }, callback),
        (failure: unknown) => {
          socket.destroy()
          callback(failure as ProxyFailure, null)
        },
      )
    })
  }

  /** Ends what the proxy has not answered yet. */
  close(): void {
    for (const socket of this.#opening) socket.destroy()
  }

  async #open(socket: Socket, target: buildConnector.Options): Promise<Socket> {
    this.#opening.add(socket)
    try {
      const status = await this.#ask(socket, target)
      if (status >= 200 && status < 300) return socket
      throw new ProxyFailure({ status, hadCredentials: this.#options.proxy.hasCredentials })
    } finally {
      this.#opening.delete(socket)
    }
  }

  /** Status of the answer. */
  #ask(socket: Socket, target: buildConnector.Options): Promise<number> {
    const { proxy, connectMs } = this.#options
    const path = authorityOf(target)
    return new Promise((resolve, reject) => {
      const asked = request({
        ...{ method: 'CONNECT', path, headers: { host: path, ...proxy.headers } },
        createConnection: () => socket,
        maxHeaderSize: HEADER_BYTES_MAX,
      })
      const watchdog = new Watchdog((stalled) => asked.destroy(stalled))
      const fail = (cause: Error): void => {
        watchdog.pause()
        reject(new ProxyFailure({ cause }))
      }
      asked.once('connect', ({ statusCode = 0 }, _, head: Buffer) => {
        // In TLS it is us who speak first.
        if (head.length > 0 && statusCode < 300) fail(new Stalled('it says more than it should'))
        watchdog.pause()
        resolve(statusCode)
      })
      asked.once('error', fail)
      asked.once('close', () => fail(new Stalled('it ended the connection')))
      watchdog.start(connectMs, 'it did not answer CONNECT')
      asked.end()
    })
  }
}

/** HOST:PORT; addresses of IPv6 are in brackets. */
function authorityOf({ hostname, port }: buildConnector.Options): string {
  const bare = hostname.replace(/^\[|\]$/g, '')
  return `${bare.includes(':') ? `[${bare}]` : bare}:${port || '443'}`
}
