import { createSign, randomUUID, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestCertificates } from './certificates.js'

export interface TokenServerOptions {
  readonly certificates: TestCertificates
  readonly username: string
  readonly password: string
  /** Refresh token that it takes by POST. */
  readonly identityToken: string
  readonly expiresInS?: number
}

/** What somebody asked for. */
export interface TokenRequest {
  readonly method: string
  readonly scopes: readonly string[]
  readonly isKnown: boolean
}

const ISSUER = 'sandpiper-test'
const SERVICE = 'test-registry'

/**
 * A token server for docker-registry, for tests (distribution's token specification). Who shows no
 * credentials may pull from `public/...`, who shows the right ones may all.
 */
export class TokenServer {
  readonly requests: TokenRequest[] = []
  readonly #options: TokenServerOptions
  readonly #server: Server
  #key = ''
  #certificate = ''

  private constructor(options: TokenServerOptions) {
    this.#options = options
    this.#server = createServer((request, response) => {
      void this.#answer(request).then(({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' })
        response.end(JSON.stringify(body))
      })
    })
  }

  static async start(options: TokenServerOptions): Promise<TokenServer> {
    const server = new TokenServer(options)
    server.#key = await readFile(options.certificates.keyFile, 'utf8')
    const certificate = new X509Certificate(await readFile(options.certificates.certFile))
    server.#certificate = certificate.raw.toString('base64')
    server.#server.listen(0, '127.0.0.1')
    await once(server.#server, 'listening')
    return server
  }

  /** The `auth` part of docker-registry's configuration. */
  get registryAuth(): Readonly<Record<string, unknown>> {
    const { port } = this.#server.address() as AddressInfo
    const realm = `http://127.0.0.1:${String(port)}/token`
    const rootcertbundle = this.#options.certificates.certFile
    return { token: { realm, service: SERVICE, issuer: ISSUER, rootcertbundle } }
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #answer(
    request: IncomingMessage,
  ): Promise<{ readonly status: number; readonly body: object }> {
    const query = new URL(request.url ?? '/', 'http://localhost').searchParams
    const form = new URLSearchParams(await bodyOf(request))
    const scopes = [...query.getAll('scope'), ...form.getAll('scope')].flatMap((one) =>
      one.split(' '),
    )
    const isKnown = this.#knows(request.headers.authorization, form.get('refresh_token'))
    this.requests.push({ method: request.method ?? '', scopes, isKnown: isKnown === true })
    if (isKnown === false)
      return { status: 401, body: { details: 'incorrect username or password' } }
    const expiresIn = this.#options.expiresInS ?? 300
    const token = this.#sign(scopes, isKnown === true, expiresIn)
    const name = form.has('refresh_token') ? 'access_token' : 'token'
    return { status: 200, body: { [name]: token, expires_in: expiresIn } }
  }

  /** Null for nobody. */
  #knows(authorization: string | undefined, refreshToken: string | null): boolean | null {
    const { username, password, identityToken } = this.#options
    if (refreshToken !== null) return refreshToken === identityToken
    if (authorization === undefined) return null
    const expected = Buffer.from(`${username}:${password}`).toString('base64')
    return authorization === `Basic ${expected}`
  }

  #sign(scopes: readonly string[], isKnown: boolean, expiresInS: number): string {
    const now = Math.floor(Date.now() / 1000)
    const access = scopes.filter((scope) => scope !== '').map((scope) => allowed(scope, isKnown))
    const times = { iat: now, nbf: now - 10, exp: now + expiresInS }
    const claims = { iss: ISSUER, aud: SERVICE, sub: '', jti: randomUUID(), ...times, access }
    const header = { typ: 'JWT', alg: 'ES256', x5c: [this.#certificate] }
    const text = [header, claims].map(encode).join('.')
    const key = { key: this.#key, dsaEncoding: 'ieee-p1363' } as const
    return `${text}.${createSign('SHA256').update(text).sign(key).toString('base64url')}`
  }
}

function allowed(scope: string, isKnown: boolean): object {
  const [type = '', name = '', actions = ''] = scope.split(':')
  const wanted = actions.split(',')
  const isPublic = name.startsWith('public/')
  const given = isKnown ? wanted : wanted.filter((action) => isPublic && action === 'pull')
  return { type, name, actions: given }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
