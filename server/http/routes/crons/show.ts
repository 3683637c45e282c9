import type { App, HttpContext } from '../../app-types.js'
import { cronUnknown } from '../../../crons/errors.js'
import { repoOf } from '../../lookup.js'
import { renderCron } from '../../render/cron.js'
import { Cron, CronParams } from '../../schemas/cron.js'

/** `GET /api/repos/:owner/:name/cron/:cron`: one cron. */
export function showCron(app: App, { services }: HttpContext): void {
  const schema = {
    operationId: 'showCron',
    summary: 'Show a cron',
    tags: ['crons'],
    params: CronParams,
    response: { 200: Cron },
  }
  app.get(
    '/repos/:owner/:name/cron/:cron',
    { schema, config: { access: 'repo:read' } },
    async ({ params }) => {
      const cron = await services.crons.find(await repoOf(services, params), params.cron)
      if (cron === null) throw cronUnknown(`${params.owner}/${params.name}`, params.cron)
      return renderCron(cron)
    },
  )
}
