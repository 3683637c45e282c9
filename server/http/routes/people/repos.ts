import { Type } from 'typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App, HttpContext } from '../../app-types.js'
import { CURSOR_QUERY, pagingOf } from '../../pagination.js'
import { renderRepo } from '../../render/repo.js'
import { Repo } from '../../schemas/repo.js'
import { personOf, principalOf } from './person.js'

const Query = Type.Object(CURSOR_QUERY)
const paging = pagingOf(
  'user-repos',
  Type.Object({ owner: Type.String({ maxLength: 100 }), name: Type.String({ maxLength: 100 }) }),
)

/** `GET /api/user/repos`: the repos that one may read. */
export function listUserRepos(app: App, context: HttpContext): void {
  const schema = {
    ...{ operationId: 'listUserRepos', tags: ['user'], querystring: Query },
    ...{
      summary: 'List the repos that you may read, by name',
      response: { 200: Type.Array(Repo) },
    },
  }
  app.get('/user/repos', { schema, config: { access: 'user' } }, async (request, reply) =>
    repos(context, request, reply),
  )
}

/** `POST /api/user/repos`: asks the forge for one's roles now, and answers with the repos that one may read then. */
export function syncUserRepos(app: App, context: HttpContext): void {
  const schema = {
    ...{ operationId: 'syncUserRepos', tags: ['user'], querystring: Query },
    summary: 'Ask your forge for your roles now, and list the repos that you may read',
    response: { 200: Type.Array(Repo) },
  }
  app.post('/user/repos', { schema, config: { access: 'user' } }, async (request, reply) => {
    await context.services.people.roles.sync(personOf(request).userId)
    return repos(context, request, reply)
  })
}

type Listing = FastifyRequest<{
  Querystring: { readonly cursor?: string; readonly limit?: number }
}>

async function repos(context: HttpContext, request: Listing, reply: FastifyReply) {
  const page = paging.read(request.query)
  const { roles } = context.services.people
  const rows = await roles.visible(principalOf(request), {
    limit: page.fetch,
    ...(page.after === null ? {} : { after: page.after }),
  })
  const keyOf = ({ owner, name }: { readonly owner: string; readonly name: string }) => ({
    owner,
    name,
  })
  return paging.show(rows, page, keyOf, { context, request, reply }).map(renderRepo)
}
