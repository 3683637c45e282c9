import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { TSchema } from 'typebox'
import type { Scope } from '../../../secrets/scope.js'
import type { Access } from '../../access.js'
import type { HttpContext } from '../../app-types.js'
import { repoOf } from '../../lookup.js'
import { RepoName } from '../../schemas/params.js'

/** Where secrets and registry logins are kept: at a repo, or at an owner for all of its repos. */
export interface Place {
  /** Begins the address: `/repos/:owner/:name/secrets`. */
  readonly path: string
  /** Ends the name of an operation: `OrgSecret`. */
  readonly noun: string
  /** For summaries: `a repo`. */
  readonly of: string
  readonly read: Access
  readonly write: Access
  readonly params: Readonly<Record<string, TSchema>>
  readonly scope: (context: HttpContext, request: FastifyRequest) => Promise<Scope>
}

/** The two places of secrets, or of registry logins. */
export function placesOf(what: 'secrets' | 'registries', noun: string): readonly Place[] {
  return [
    {
      ...{ path: `/repos/:owner/:name/${what}`, noun, of: 'a repo' },
      ...{ read: 'repo:write', write: 'repo:admin' },
      params: { owner: RepoName, name: RepoName },
      scope: async ({ services }, { params }) => {
        return { repo: await repoOf(services, params as { owner: string; name: string }) }
      },
    },
    {
      ...{ path: `/${what}/:namespace`, noun: `Org${noun}`, of: 'all repos of an owner' },
      ...{ read: 'org:admin', write: 'org:admin' },
      params: { namespace: RepoName },
      scope: (_context, { params }) => Promise.resolve(params as { namespace: string }),
    },
  ]
}

/** Parameters of a list, and of what is in it. */
export function paramsOf(place: Place, more: Readonly<Record<string, TSchema>> = {}): TSchema {
  return Type.Object({ ...place.params, ...more })
}
