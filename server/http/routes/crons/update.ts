import type { App, HttpContext } from '../../app-types.js'
import { cronUnknown } from '../../../crons/errors.js'
import { repoOf } from '../../lookup.js'
import { renderCron } from '../../render/cron.js'
import { Cron, CronChangeBody, CronParams } from '../../schemas/cron.js'

/** `PATCH /api/repos/:owner/:name/cron/:cron`: changes what the body names. */
export function updateCron(app: App, { services }: HttpContext): void {
  const schema = {
    operationId: 'updateCron',
    summary: 'Change a cron, or turn it off or on',
    tags: ['crons'],
    params: CronParams,
    body: CronChangeBody,
    response: { 200: Cron },
  }
  app.patch(
    '/repos/:owner/:name/cron/:cron',
    { schema, config: { access: 'repo:write' } },
    async ({ params, body }) => {
      const repo = await repoOf(services, params)
      const { event: _event, ...change } = body
      const cron = await services.crons.update(repo, params.cron, change)
      if (cron === null) throw cronUnknown(`${params.owner}/${params.name}`, params.cron)
      return renderCron(cron)
    },
  )
}
