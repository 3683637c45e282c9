import { Type } from 'typebox'
import type { App, HttpContext } from '../../app-types.js'
import { repoOf } from '../../lookup.js'
import { renderCron } from '../../render/cron.js'
import { Cron } from '../../schemas/cron.js'
import { RepoParams } from '../../schemas/params.js'

/** `GET /api/repos/:owner/:name/cron`: the repo's crons, by name. */
export function listCrons(app: App, { services }: HttpContext): void {
  const schema = {
    operationId: 'listCrons',
    summary: "List a repo's crons",
    tags: ['crons'],
    params: RepoParams,
    response: { 200: Type.Array(Cron) },
  }
  app.get(
    '/repos/:owner/:name/cron',
    { schema, config: { access: 'repo:read' } },
    async (request) => {
      const repo = await repoOf(services, request.params)
      return (await services.crons.list(repo)).map(renderCron)
    },
  )
}
