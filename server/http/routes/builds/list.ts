import { Type } from 'typebox'
import type { App, HttpContext } from '../../app-types.js'
import { PER_PAGE } from '../../limits.js'
import { repoOf } from '../../lookup.js'
import { CURSOR_QUERY, pagingOf } from '../../pagination.js'
import { renderBuild } from '../../render/build.js'
import { Build } from '../../schemas/build.js'
import { DRONE_PAGE } from '../../schemas/paging.js'
import { RepoParams } from '../../schemas/params.js'

const paging = pagingOf('builds', Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }))

/** `GET /api/repos/:owner/:name/builds`: builds without their stages, newest first, by cursor or by Drone's pages. */
export function listBuilds(app: App, context: HttpContext): void {
  const { services } = context
  const schema = {
    operationId: 'listBuilds',
    summary: 'List the builds of a repo, newest first',
    tags: ['builds'],
    params: RepoParams,
    querystring: Type.Object({ ...CURSOR_QUERY, ...DRONE_PAGE }),
    response: { 200: Type.Array(Build) },
  }
  app.get(
    '/repos/:owner/:name/builds',
    { schema, config: { access: 'repo:read', polled: true } },
    async (request, reply) => {
      const { page: number, per_page: perPage, ...query } = request.query
      const repo = await repoOf(services, request.params)
      if (number !== undefined || perPage !== undefined) {
        // More than the maximum gives the maximum, as with Drone.
        const limit = Math.min(perPage ?? PER_PAGE.default, PER_PAGE.max)
        const offset = ((number ?? 1) - 1) * limit
        return (await services.builds.list(repo, { limit, offset })).map(renderBuild)
      }
      const page = paging.read(query)
      const rows = await services.builds.list(repo, { limit: page.fetch, before: page.after })
      const shown = paging.show(rows, page, (build) => build.number, { context, request, reply })
      return shown.map(renderBuild)
    },
  )
}
