import { Type } from 'typebox'
import { badgeSvg } from '../../../badges/badge.js'
import { cctray } from '../../../badges/cctray.js'
import { pageLink } from '../../../links.js'
import type { Repo } from '../../../services.js'
import type { App, HttpContext } from '../../app-types.js'
import { repoOf } from '../../lookup.js'
import { RepoParams } from '../../schemas/params.js'

const RefQuery = Type.Object({
  branch: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
  ref: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
})

/** `GET /api/badges/:owner/:name/status.svg`: how the default branch, or another, stands, as a picture. */
export function statusBadge(app: App, { services }: HttpContext): void {
  const schema = {
    operationId: 'statusBadge',
    summary: 'Show how a branch stands, as a picture',
    tags: ['badges'],
    params: RepoParams,
    querystring: RefQuery,
    response: {
      200: {
        description: 'A picture',
        content: { 'image/svg+xml': { schema: Type.String() } },
      },
    },
  }
  app.get(
    '/badges/:owner/:name/status.svg',
    { schema, config: { access: 'repo:read', polled: true } },
    async (request, reply) => {
      const repo = await repoOf(services, request.params)
      const { newest, ended } = await services.badges.stateOf(repo, refOf(repo, request.query))
      // A build that runs takes nothing back of what the one before it said; one that waits does not either.
      const shown = ended ?? newest
      return reply.type('image/svg+xml').send(badgeSvg(shown?.status ?? null))
    },
  )
}

/** `GET /api/badges/:owner/:name/cc.xml`: the same for CCMenu and its like. */
export function ccXml(app: App, context: HttpContext): void {
  const { services } = context
  const schema = {
    operationId: 'ccXml',
    summary: 'Show how a branch stands, for CCMenu and its like',
    tags: ['badges'],
    params: RepoParams,
    querystring: RefQuery,
    response: {
      200: { description: 'cc.xml', content: { 'application/xml': { schema: Type.String() } } },
    },
  }
  app.get(
    '/badges/:owner/:name/cc.xml',
    { schema, config: { access: 'repo:read', polled: true } },
    async (request, reply) => {
      const repo = await repoOf(services, request.params)
      const state = await services.badges.stateOf(repo, refOf(repo, request.query))
      const slug = `${repo.owner}/${repo.name}`
      const number = (state.newest ?? state.ended)?.number
      const link =
        number === undefined
          ? `${context.publicUrl()}/api/repos/${slug}`
          : pageLink(context.publicUrl(), { slug, number })
      return reply.type('application/xml; charset=utf-8').send(cctray({ slug, link, ...state }))
    },
  )
}

function refOf(
  repo: Repo,
  { branch, ref }: { readonly branch?: string; readonly ref?: string },
): string {
  return ref ?? `refs/heads/${branch ?? repo.default_branch}`
}
