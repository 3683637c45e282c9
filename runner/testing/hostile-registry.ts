import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, request as forward, type IncomingMessage, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TestCertificates } from './certificates.js'
import { Turn, type Fault, type Proper } from './hostile-turn.js'
import { HostileUploads } from './hostile-uploads.js'

export interface HostileOptions {
  /** `host:port` of a registry that speaks plain HTTP: gets what has no other answer. */
  readonly upstream?: string
  /** Speaks TLS with these. */
  readonly certificates?: TestCertificates
  /** Default: 127.0.0.1. */
  readonly address?: string
}

/** A request as it came. */
export interface Seen {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers: IncomingMessage['headers']
}

export interface HostileBlob {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

interface Rule {
  readonly match: RegExp
  /** One for each request that matches; the last one for ever when `isForEver`. */
  readonly faults: Fault[]
  readonly isForEver: boolean
}

const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip'
const CONFIG = 'application/vnd.oci.image.config.v1+json'
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'

/**
 * A registry that does what it is told, for tests: it serves what was added to it, or a real registry behind
 * it, and goes wrong at requests that a rule matches. Every repository has everything.
 */
export class HostileRegistry {
  /** e.g. `127.0.0.1:38007` */
  host = ''
  readonly requests: Seen[] = []
  readonly #options: HostileOptions
  readonly #server: Server
  readonly #rules: Rule[] = []
  readonly #contents = new Map<string, { readonly mediaType: string; readonly bytes: Buffer }>()
  readonly #uploads = new HostileUploads()
  readonly #ends: (() => void)[] = []

  private constructor(options: HostileOptions) {
    this.#options = options
    const { certificates } = options
    const tls = certificates && {
      cert: readFileSync(certificates.certFile),
      key: readFileSync(certificates.keyFile),
    }
    this.#server = tls ? createTlsServer(tls) : createServer()
    this.#server.on('request', (request: IncomingMessage, response) => {
      const { method = '', url = '', headers } = request
      this.requests.push({ method, path: url, headers })
      const turn = new Turn(request, response, () => this.#proper(request), this.#ends)
      void turn.take(this.#faultFor(`${method} ${url}`))
    })
  }

  static async start(options: HostileOptions = {}): Promise<HostileRegistry> {
    const registry = new HostileRegistry(options)
    registry.#server.listen(0, options.address ?? '127.0.0.1')
    await once(registry.#server, 'listening')
    const { port } = registry.#server.address() as AddressInfo
    registry.host = `${options.address ?? '127.0.0.1'}:${String(port)}`
    return registry
  }

  /** Lets the next requests whose `METHOD /path?query` matches go wrong, one for each fault. */
  next(match: RegExp, ...faults: readonly Fault[]): void {
    this.#rules.push({ match, faults: [...faults], isForEver: false })
  }

  /** Lets every request whose `METHOD /path?query` matches go wrong. */
  always(match: RegExp, fault: Fault): void {
    this.#rules.push({ match, faults: [fault], isForEver: true })
  }

  /** Forgets all rules and requests. */
  reset(): void {
    this.#rules.length = 0
    this.requests.length = 0
  }

  /** Number of requests whose `METHOD /path?query` matches. */
  count(match: RegExp): number {
    return this.requests.filter(({ method, path }) => match.test(`${method} ${path}`)).length
  }

  addBlob(bytes: Buffer, mediaType = LAYER): HostileBlob {
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
    this.#contents.set(`blobs/${digest}`, { mediaType: 'application/octet-stream', bytes })
    return { mediaType, digest, size: bytes.length }
  }

  /** Bytes of a blob that was added or uploaded; null for none. */
  blob(digest: string): Buffer | null {
    return this.#contents.get(`blobs/${digest}`)?.bytes ?? null
  }

  /** Serves these bytes as a manifest, under the tag and under its digest. */
  addManifest(tag: string, value: object | Buffer, mediaType = MANIFEST): HostileBlob {
    const bytes = Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value))
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
    for (const name of [tag, digest]) this.#contents.set(`manifests/${name}`, { mediaType, bytes })
    return { mediaType, digest, size: bytes.length }
  }

  /** Serves an image for linux/amd64 with these blobs as layers. */
  addImage(tag: string, blobs: readonly Buffer[]): HostileBlob {
    const layers = blobs.map((bytes) => this.addBlob(bytes))
    const diffIds = layers.map(({ digest }) => digest)
    const rootfs = { type: 'layers', diff_ids: diffIds }
    const config = { os: 'linux', architecture: 'amd64', config: {}, rootfs }
    const configBlob = this.addBlob(Buffer.from(JSON.stringify(config)), CONFIG)
    return this.addManifest(tag, {
      ...{ schemaVersion: 2, mediaType: MANIFEST, config: configBlob, layers },
    })
  }

  async stop(): Promise<void> {
    for (const end of this.#ends) end()
    this.#server.closeAllConnections()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  #faultFor(line: string): Fault | undefined {
    const rule = this.#rules.find(({ match, faults }) => faults.length > 0 && match.test(line))
    return rule?.isForEver ? rule.faults[0] : rule?.faults.shift()
  }

  /** What a proper registry would answer. */
  async #proper(request: IncomingMessage): Promise<Proper> {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    const own = this.#contents.get(/\/((?:blobs|manifests)\/[^/]+)$/.exec(path)?.[1] ?? '')
    if (own && (request.method === 'GET' || request.method === 'HEAD'))
      return ownAnswer(own, request)
    if (this.#options.upstream !== undefined) {
      return upstreamAnswer(this.#options.upstream, request)
    }
    const upload = await this.#uploads.answer(request, (bytes) => this.addBlob(bytes).digest)
    if (upload) return upload
    if (path === '/v2/') return { status: 200, headers: {}, body: Buffer.from('{}') }
    const body = Buffer.from('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"not here"}]}')
    return { status: 404, headers: { 'content-type': 'application/json' }, body }
  }
}

function ownAnswer(
  { mediaType, bytes }: { readonly mediaType: string; readonly bytes: Buffer },
  request: IncomingMessage,
): Proper {
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  const headers = { 'content-type': mediaType, 'docker-content-digest': digest }
  const from = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1]
  if (from === undefined) return { status: 200, headers, body: bytes }
  if (Number(from) >= bytes.length) return { status: 416, headers: {}, body: Buffer.alloc(0) }
  const range = `bytes ${from}-${String(bytes.length - 1)}/${String(bytes.length)}`
  const body = bytes.subarray(Number(from))
  return { status: 206, headers: { ...headers, 'content-range': range }, body }
}

/** Asks the real registry the same; what is left of the body when the sender breaks off goes there too. */
async function upstreamAnswer(upstream: string, request: IncomingMessage): Promise<Proper> {
  const { method, url, headers } = request
  const onward = forward(`http://${upstream}${url ?? ''}`, { method, headers, agent: false })
  onward.on('error', () => undefined)
  request.on('close', () => {
    if (!request.complete) onward.destroy()
  })
  request.pipe(onward)
  const [answer] = (await once(onward, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk as Buffer)
  const kept = Object.entries(answer.headers).filter(([name]) => !HOP.has(name))
  return {
    status: answer.statusCode ?? 502,
    headers: Object.fromEntries(kept.map(([name, value]) => [name, String(value)])),
    body: Buffer.concat(chunks),
  }
}

const HOP = new Set(['connection', 'transfer-encoding', 'keep-alive', 'date'])
