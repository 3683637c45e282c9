import type { App, HttpContext } from '../../app-types.js'
import { repoOf } from '../../lookup.js'
import { renderCron } from '../../render/cron.js'
import { Cron, CronBody } from '../../schemas/cron.js'
import { RepoParams } from '../../schemas/params.js'

/** `POST /api/repos/:owner/:name/cron`: builds a branch at fixed times from now on. */
export function addCron(app: App, { services }: HttpContext): void {
  const schema = {
    operationId: 'addCron',
    summary: 'Build a branch at fixed times',
    tags: ['crons'],
    params: RepoParams,
    body: CronBody,
    response: { 200: Cron },
  }
  app.post(
    '/repos/:owner/:name/cron',
    { schema, config: { access: 'repo:write' } },
    async (request) => {
      const repo = await repoOf(services, request.params)
      const { event: _event, ...cron } = request.body
      return renderCron(await services.crons.add(repo, cron))
    },
  )
}
