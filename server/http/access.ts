import type { FastifyReply, FastifyRequest } from 'fastify'
import { SandpiperError } from '../../protocol/errors.js'
import type { Principal, Role } from '../people/principal.js'
import { includes } from '../people/rules.js'
import type { PeopleService } from '../people/types.js'
import type { App } from './app-types.js'
import type { Authentication } from './authentication.js'
import { checkCsrf, isSafe } from './csrf.js'
import { unknownRepo } from './lookup.js'
import { isRepoName } from './schemas/params.js'

/**
 * Who may call a route. `open`: anybody. `user`: whoever is signed in; with a token that is not for everything only
 * to read. `admin`: administrators of the installation. `repo:*`: who has that role, or a higher one, in the repo
 * of the route's `:owner/:name`; who may not even read it gets the answer for a repo that is not there. `org:admin`: who
 * has the role admin in every repo of `:namespace`, as what is set there is for all of them. `hook`: whoever signs with
 * a repo's hook secret. `metrics`: who has the token of the metrics, or that of the installation.
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

/** A route and who may call it. */
export interface AccessEntry {
  readonly method: string
  readonly url: string
  readonly access: Access
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Every route says who may call it; the server does not start when one does not. */
    access?: Access
  }
  interface FastifyRequest {
    /** Who makes the request; null for nobody that is known. */
    principal: Principal | null
  }
  interface FastifyInstance {
    /** Every route; docs/access.md is made from it, and a test walks it. */
    accessTable: AccessEntry[]
  }
}

/** Notes of every route of the app who may call it; the server does not start when one does not say. */
export function requireAccess(app: App): void {
  const table: AccessEntry[] = []
  app.decorate('accessTable', table)
  app.decorateRequest('principal', null)
  app.decorateRequest('sessionValue', '')
  app.decorateRequest('isProofWrong', false)
  app.addHook('onRoute', ({ config, method, url }) => {
    const access = config?.access
    if (access === undefined) throw new TypeError(`${String(method)} ${url} says no access`)
    for (const one of [method].flat()) table.push({ method: one, url, access })
  })
}

/** What the guard asks. */
export interface Guard {
  readonly authentication: Authentication
  readonly roles: PeopleService['roles']
  /** Origin that browsers know the server by. */
  readonly origin: () => string
  /** Refuses who asks too often. @throws SandpiperError SP_HTTP_TOO_MANY_REQUESTS */
  readonly limit: (request: FastifyRequest, reply: FastifyReply) => Promise<void>
}

/** Finds out who makes each request of the scope, and lets nobody in who may not: the one place that decides. */
export function guard(app: App, parts: Guard): void {
  const { authentication, origin, limit } = parts
  app.addHook('onRequest', async (request, reply) => {
    const access = request.routeOptions.config.access
    if (access === 'open' || access === 'hook' || access === 'metrics') return
    request.principal = await authentication.of(request)
    await limit(request, reply)
    if (request.principal?.via === 'session') checkCsrf(request, origin())
    // Unknown addresses are for nobody either.
    const refused = await refusal(parts.roles, request, access ?? 'user')
    if (refused !== null) throw refused
  })
}

type Guarded = Exclude<Access, 'open' | 'hook' | 'metrics'>

/** Why the request is not let in, or null. */
async function refusal(
  roles: PeopleService['roles'],
  request: FastifyRequest,
  access: Guarded,
): Promise<SandpiperError | null> {
  const { principal } = request
  switch (access) {
    case 'user': {
      const isAllowed = isSafe(request.method) || isWhole(principal)
      return isAllowed ? denied(principal, principal !== null) : denied(principal, false)
    }
    case 'admin':
      return denied(principal, principal?.admin === true && isWhole(principal), ADMINS_ONLY)
    case 'org:admin':
      return namespaceRefusal(roles, request)
    default:
      return repoRefusal(roles, request, access.slice('repo:'.length) as Role)
  }
}

async function repoRefusal(
  roles: PeopleService['roles'],
  { principal, params }: FastifyRequest,
  wanted: Role,
): Promise<SandpiperError | null> {
  // Every repo that is there; the route itself says when one is not.
  if (principal?.admin === true && isWhole(principal)) return null
  const { owner = '', name = '' } = params as Partial<Record<string, string>>
  const isName = isRepoName(owner) && isRepoName(name)
  const found = isName ? await roles.inRepo(principal, owner, name) : null
  if (found === null || found.role === null) {
    return principal === null ? unauthorized() : unknownRepo({ owner, name })
  }
  const isForAdmins = wanted === 'write' && found.repo.protected === 1
  const needed = isForAdmins ? 'admin' : wanted
  const what = isForAdmins ? `${owner}/${name}, which is protected` : `${owner}/${name}`
  return denied(principal, includes(found.role, needed), {
    why: `it needs the role ${needed} in ${what}; yours is ${found.role}`,
    hint: ROLE_HINT,
  })
}

async function namespaceRefusal(
  roles: PeopleService['roles'],
  { principal, params }: FastifyRequest,
): Promise<SandpiperError | null> {
  if (principal === null) return unauthorized()
  const { namespace = '' } = params as Partial<Record<string, string>>
  const role = isRepoName(namespace) ? await roles.inNamespace(principal, namespace) : null
  if (role === null) return unknownNamespace(namespace)
  const why = `it needs the role admin in every repo of ${namespace}`
  return denied(principal, role === 'admin', { why, hint: ROLE_HINT })
}

/** Whether who asks comes with all of his rights, and not with a token for some. */
function isWhole(principal: Principal | null): boolean {
  return principal?.scope === null || principal?.scope === 'admin'
}

/** What somebody lacks. */
interface Lack {
  readonly why: string
  readonly hint: string
}

const ADMINS_ONLY: Lack = {
  why: 'it is for administrators of the installation',
  hint: 'They are those in SANDPIPER_ADMINS, those whom they made administrators, and who has the token in admin-token.',
}

const ROLE_HINT =
  "Roles come from the repo's forge, which POST /api/user/repos asks now, or by hand: PUT /api/repos/OWNER/NAME/members/LOGIN."

function denied(
  principal: Principal | null,
  isAllowed: boolean,
  lack: Lack = ADMINS_ONLY,
): SandpiperError | null {
  if (isAllowed) return null
  return principal === null ? unauthorized() : forbidden(principal, lack)
}

function unauthorized(): SandpiperError {
  return new SandpiperError(
    'SP_HTTP_UNAUTHORIZED',
    'The API needs a token, or a signed-in browser.',
    {
      hint: "Send 'Authorization: Bearer TOKEN' with a token of yours, or with that in the data directory's admin-token file; or sign in at /login.",
    },
  )
}

function forbidden({ scope }: Principal, { why, hint }: Lack): SandpiperError {
  if (scope === null || scope === 'admin') {
    return new SandpiperError('SP_HTTP_FORBIDDEN', `You may not do this: ${why}.`, { hint })
  }
  return new SandpiperError('SP_HTTP_FORBIDDEN', 'You may not do this with this token.', {
    hint: `The token is good to ${scope} only: one with a wider scope may do more.`,
  })
}

function unknownNamespace(namespace: string): SandpiperError {
  const shown = JSON.stringify(namespace.slice(0, 200))
  return new SandpiperError('SP_REPO_UNKNOWN', `There is no repo of ${shown}.`, {
    hint: "'sandpiper repo ls' shows the repos.",
  })
}
