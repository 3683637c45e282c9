import { Type } from 'typebox'
import type { App, HttpContext } from '../../app-types.js'
import { repoOf } from '../../lookup.js'
import { RepoParams } from '../../schemas/params.js'

/** How long one request removes builds, in milliseconds. */
const PURGE_MS = 20_000

const SCHEMA = {
  operationId: 'purgeBuilds',
  summary: 'Remove the builds of a repo below a number, and their logs',
  description: 'Builds that have not ended stay. 202: there are more; ask again.',
  tags: ['builds'],
  params: RepoParams,
  querystring: Type.Object({
    before: Type.Integer({
      minimum: 1,
      maximum: 2_147_483_647,
      description: 'The lowest number that is not removed.',
    }),
  }),
  response: { 202: Type.Null(), 204: Type.Null() },
}

/** `DELETE /api/repos/:owner/:name/builds?before=`, as in Drone. */
export function purgeBuilds(app: App, { services, closing }: HttpContext): void {
  const url = '/repos/:owner/:name/builds'
  app.delete(url, { schema: SCHEMA, config: { access: 'repo:admin' } }, async (request, reply) => {
    const repo = await repoOf(services, request.params)
    const signal = AbortSignal.any([closing, AbortSignal.timeout(PURGE_MS)])
    const isDone = await services.logs.removeBuilds(repo, {
      before: request.query.before,
      actor: request.principal,
      signal,
    })
    return reply.code(isDone ? 204 : 202).send()
  })
}
