import type { FastifyRequest } from 'fastify'
import { SandpiperError } from '../../protocol/errors.js'
import type { Principal } from '../people/principal.js'
import { isSame } from '../people/secret-values.js'
import type { Identified, PeopleService } from '../people/types.js'
import type { Cookies } from './cookies.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Whether the request came with something that proves nothing: such are limited. */
    isProofWrong: boolean
  }
}

/** Tells who makes a request. */
export interface Authentication {
  /** Null for nobody that is known. @throws SandpiperError SP_HTTP_UNAUTHORIZED, SP_HTTP_TOKEN_IN_URL */
  of(request: FastifyRequest): Promise<Principal | null>
}

export interface AuthenticationOptions {
  readonly adminToken: string
  readonly people: Pick<PeopleService, 'identify'>
  readonly cookies: Cookies
}

/**
 * A bearer token, which must be right then, else a session's cookie. Credentials of other schemes are a proxy's in front
 * of the server, and no business of ours.
 */
export function createAuthentication(options: AuthenticationOptions): Authentication {
  const { people, cookies } = options
  return {
    async of(request) {
      refuseTokenInUrl(request)
      const given = bearerToken(request)
      if (given !== undefined) return byToken(options, request, given)
      const cookie = cookies.session(request)
      if (cookie === undefined) return null
      request.sessionValue = cookie
      return people.identify.bySession(cookie)
    },
  }
}

/** The token that the request shows; undefined when it shows none. */
export function bearerToken({ headers }: Pick<FastifyRequest, 'headers'>): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1]
}

const INSTALLATION: Principal = {
  ...{ userId: 0, login: 'admin', admin: true, via: 'admin-token' },
  scope: null,
}

async function byToken(
  { adminToken, people }: AuthenticationOptions,
  request: FastifyRequest,
  given: string,
): Promise<Principal> {
  if (isSame(given, adminToken)) return INSTALLATION
  const identified = await people.identify.byToken(given)
  if ('principal' in identified) return identified.principal
  request.isProofWrong = true
  throw wrongToken(identified.refused)
}

type Refused = Exclude<Identified, { readonly principal: Principal }>['refused']

const WRONG: Readonly<Record<Refused, string>> = {
  unknown: 'The token is not right.',
  expired: 'The token has expired.',
  inactive: "The token's owner may not sign in any more.",
}

function wrongToken(refused: Refused): SandpiperError {
  return new SandpiperError('SP_HTTP_UNAUTHORIZED', WRONG[refused], {
    hint: "Make one with 'sandpiper token create', or take that in the data directory's admin-token file.",
  })
}

/** Drone takes tokens there; but addresses are written into logs and histories. */
function refuseTokenInUrl({ query }: FastifyRequest): void {
  if (typeof query !== 'object' || query === null || !('access_token' in query)) return
  throw new SandpiperError('SP_HTTP_TOKEN_IN_URL', 'Tokens are not taken from addresses.', {
    hint: "Addresses end up in logs: revoke the token, and send a new one as 'Authorization: Bearer TOKEN'.",
  })
}
