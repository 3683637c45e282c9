import { Type } from 'typebox'
import type { App, HttpContext } from '../../app-types.js'
import { CURSOR_QUERY, pagingOf } from '../../pagination.js'
import { renderRepo } from '../../render/repo.js'
import { DRONE_PAGE } from '../../schemas/paging.js'
import { Repo } from '../../schemas/repo.js'

/** Repos in one answer. */
const REPOS_MAX = 10_000

const Name = Type.String({ maxLength: 100 })
const paging = pagingOf('repos', Type.Object({ owner: Name, name: Name }))

/** `GET /api/repos`: every repo that one may read, by name; in pages, by cursor or Drone's way, where one asks for them. */
export function listRepos(app: App, context: HttpContext): void {
  const { roles } = context.services.people
  const schema = {
    operationId: 'listRepos',
    summary: 'List the repos that you may read, by name',
    description: 'All of them unless pages are asked for.',
    tags: ['repos'],
    querystring: Type.Object({ ...CURSOR_QUERY, ...DRONE_PAGE }),
    response: { 200: Type.Array(Repo) },
  }
  app.get(
    '/repos',
    { schema, config: { access: 'user', polled: true } },
    async (request, reply) => {
      const { cursor, limit, page: number = 1, per_page: perPage = REPOS_MAX } = request.query
      const { principal } = request
      if (cursor === undefined && limit === undefined) {
        const size = Math.min(perPage, REPOS_MAX)
        const page = { limit: size, offset: (number - 1) * size }
        return (await roles.visible(principal, page)).map(renderRepo)
      }
      const page = paging.read(request.query)
      const after = page.after === null ? {} : { after: page.after }
      const rows = await roles.visible(principal, { limit: page.fetch, ...after })
      const keyOf = ({ owner, name }: (typeof rows)[number]) => ({ owner, name })
      return paging.show(rows, page, keyOf, { context, request, reply }).map(renderRepo)
    },
  )
}
