import { Type } from 'typebox'
import type { App, HttpContext } from '../../app-types.js'
import { repoOf } from '../../lookup.js'
import { CURSOR_QUERY, pagingOf } from '../../pagination.js'
import { RepoParams } from '../../schemas/params.js'
import { DeliveryHead, renderHead } from './render.js'

const Query = Type.Object(CURSOR_QUERY, { additionalProperties: false })
const paging = pagingOf('deliveries', Type.Integer({ minimum: 1 }))

/** `GET /api/repos/:owner/:name/deliveries`: the webhooks that came for a repo, newest first. */
export function listDeliveries(app: App, context: HttpContext): void {
  const schema = {
    ...{ operationId: 'listDeliveries', tags: ['deliveries'], params: RepoParams },
    summary: 'The webhooks that came for a repo, newest first',
    querystring: Query,
    response: { 200: Type.Array(DeliveryHead) },
  }
  app.get(
    '/repos/:owner/:name/deliveries',
    { schema, config: { access: 'repo:admin' } },
    async (request, reply) => {
      const repo = await repoOf(context.services, request.params)
      const page = paging.read(request.query)
      const before = page.after ?? undefined
      const rows = await context.services.deliveries.list(repo, { limit: page.fetch, before })
      const answer = { context, request, reply }
      return paging.show(rows, page, ({ id }) => id, answer).map(renderHead)
    },
  )
}
