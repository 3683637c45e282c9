import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { S3Settings } from '../s3-settings.js'

/** What goes wrong with the next requests, one each, in their order. */
export type Fault =
  | 'slow down'
  | 'internal'
  | 'forbidden'
  | 'cut short'
  | 'hang'
  | 'reset'
  | 'no ranges'
  | 'wrong etag'

/** An S3 server of a few lines that fails as it is told to. */
export class FaultyS3 {
  readonly faults: Fault[] = []
  readonly requests: string[] = []
  readonly blobs = new Map<string, Buffer>()
  readonly #server = createServer((request, response) => void this.#answer(request, response))

  /** Listens, and says how to get there. */
  async start(): Promise<S3Settings> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    const { port } = this.#server.address() as AddressInfo
    const url = `http://127.0.0.1:${port}`
    const access = { region: 'auto', keyId: 'id', secret: 'secret' }
    return {
      url,
      bucket: 'b',
      ...access,
      prefix: '',
      pathStyle: true,
      requestMs: 300,
      backoffMs: 2,
    }
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request
    this.requests.push(`${method} ${url}`)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const fault = this.faults.shift()
    if (fault === 'hang') return
    if (fault === 'reset') {
      request.socket.resetAndDestroy()
      return
    }
    const status = { 'slow down': 503, internal: 500, forbidden: 403 }[fault as string]
    if (status === undefined) this.#serve(request, response, Buffer.concat(chunks), fault)
    else response.writeHead(status, { 'content-type': 'application/xml' }).end('<Error></Error>')
  }

  #serve(
    { method, url = '', headers }: IncomingMessage,
    response: ServerResponse,
    body: Buffer,
    fault: Fault | undefined,
  ): void {
    if (method === 'PUT') {
      this.blobs.set(url, body)
      response.writeHead(200, { etag: fault === 'wrong etag' ? '"0000"' : '"1"' }).end()
      return
    }
    const blob = this.blobs.get(url)
    if (method === 'DELETE') this.blobs.delete(url)
    if (method === 'DELETE' || blob === undefined) {
      response.writeHead(method === 'DELETE' ? 204 : 404).end()
      return
    }
    const range = fault === 'no ranges' ? null : /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '')
    const part = range ? blob.subarray(Number(range[1]), Number(range[2]) + 1) : blob
    response.writeHead(range ? 206 : 200, { 'content-length': part.length })
    if (fault !== 'cut short') response.end(part)
    else response.write(part.subarray(0, part.length / 2), () => response.destroy())
  }
}
