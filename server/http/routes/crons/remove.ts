import { Type } from 'typebox'
import type { App, HttpContext } from '../../app-types.js'
import { cronUnknown } from '../../../crons/errors.js'
import { repoOf } from '../../lookup.js'
import { CronParams } from '../../schemas/cron.js'

/** `DELETE /api/repos/:owner/:name/cron/:cron`: removes it; its builds stay. */
export function removeCron(app: App, { services }: HttpContext): void {
  const schema = {
    operationId: 'removeCron',
    summary: 'Remove a cron',
    tags: ['crons'],
    params: CronParams,
    response: { 204: Type.Null({ description: 'It is gone.' }) },
  }
  app.delete(
    '/repos/:owner/:name/cron/:cron',
    { schema, config: { access: 'repo:write' } },
    async ({ params }, reply) => {
      const wasThere = await services.crons.remove(await repoOf(services, params), params.cron)
      if (!wasThere) throw cronUnknown(`${params.owner}/${params.name}`, params.cron)
      return reply.code(204).send()
    },
  )
}
