import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { SandpiperError } from '../../protocol/errors.js'
import type { Principal } from '../people/principal.js'
import type { App } from './app-types.js'

/**
 * Who may call a route. `open`: anybody. `user`: whoever is signed in. `admin`: administrators of the installation.
 * `repo:*`: who has that role, or a higher one, in the repo of the route's `:owner/:name`; who may not even read it
 * gets the answer for a repo that is not there. `org:admin`: who has the role admin in a repo of `:namespace`.
 * `hook`: whoever signs with a repo's hook secret. `metrics`: who has the token of the metrics, or that of the installation.
 */
export type Access =
  | 'open'
  | 'hook'
  | 'metrics'
  | 'user'
  | 'admin'
  | 'org:admin'
  | 'repo:read'
  | 'repo:write'
  | 'repo:admin'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Every route says who may call it; the server does not start when one does not. */
    access?: Access
  }
  interface FastifyRequest {
    /** Who makes the request; null for nobody that is known. */
    principal: Principal | null
  }
}

/** Every route of the app with who may call it; the server does not start when one does not say. */
export function requireAccess(app: App): void {
  app.addHook('onRoute', ({ config, method, url }) => {
    if (config?.access === undefined) throw new TypeError(`${String(method)} ${url} says no access`)
  })
}

/** Finds out who makes each request of the scope, and lets nobody in who may not. */
export function guard(app: App, adminToken: string): void {
  app.decorateRequest('principal', null)
  app.addHook('onRequest', (request, _reply, done) => {
    const given = bearerToken(request)
    if (isSameToken(given ?? '', adminToken)) request.principal = INSTALLATION
    done(isAllowed(request) ? undefined : unauthorized(given !== undefined))
  })
}

const INSTALLATION: Principal = {
  userId: 0,
  login: 'admin',
  admin: true,
  via: 'admin-token',
  scope: null,
}

/** Unknown addresses are for nobody either. */
function isAllowed({ principal, routeOptions }: FastifyRequest): boolean {
  return principal !== null || routeOptions.config.access === 'open'
}

function unauthorized(hadToken: boolean): SandpiperError {
  const message = hadToken ? 'The token is not right.' : 'The API needs a token.'
  return new SandpiperError('SP_HTTP_UNAUTHORIZED', message, {
    hint: "Send 'Authorization: Bearer TOKEN' with the token from the data directory's admin-token file.",
  })
}

/** The token that the request shows; undefined when it shows none. */
export function bearerToken({ headers }: FastifyRequest): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1]
}

/** Compares in constant time: hashes have one length, so that tells nothing about the tokens' either. */
export function isSameToken(given: string, token: string): boolean {
  return timingSafeEqual(sha256(given), sha256(token))
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
