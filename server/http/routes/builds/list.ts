import { Type } from 'typebox'
import type { App, HttpContext } from '../../app-types.js'
import { PER_PAGE } from '../../limits.js'
import { repoOf } from '../../lookup.js'
import { renderBuild } from '../../render/build.js'
import { RepoParams } from '../../schemas/params.js'
import { Build } from '../../schemas/build.js'

const PageQuery = Type.Object({
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
  per_page: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
})

/** `GET /api/repos/:owner/:name/builds`: builds without their stages, newest first, page by page. */
export function listBuilds(app: App, { services }: HttpContext): void {
  const schema = {
    operationId: 'listBuilds',
    summary: 'List the builds of a repo, newest first',
    tags: ['builds'],
    params: RepoParams,
    querystring: PageQuery,
    response: { 200: Type.Array(Build) },
  }
  app.get(
    '/repos/:owner/:name/builds',
    { schema, config: { access: 'repo:read', polled: true } },
    async (request) => {
      const { page = 1, per_page: perPage = PER_PAGE.default } = request.query
      const repo = await repoOf(services, request.params)
      // More than the maximum gives the maximum, as with Drone.
      const limit = Math.min(perPage, PER_PAGE.max)
      const builds = await services.builds.list(repo, { limit, offset: (page - 1) * limit })
      return builds.map(renderBuild)
    },
  )
}
