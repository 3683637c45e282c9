import type { App, HttpContext } from '../../app-types.js'
import { cronUnknown } from '../../../crons/errors.js'
import { repoOf } from '../../lookup.js'
import { renderBuild } from '../../render/build.js'
import { Build } from '../../schemas/build.js'
import { CronParams } from '../../schemas/cron.js'
import { loginOf } from '../../who.js'

/** `POST /api/repos/:owner/:name/cron/:cron`: makes its build now; answers with it. */
export function runCron(app: App, { services }: HttpContext): void {
  const schema = {
    operationId: 'runCron',
    summary: "Make a cron's build now",
    tags: ['crons'],
    params: CronParams,
    response: { 200: Build },
  }
  app.post(
    '/repos/:owner/:name/cron/:cron',
    { schema, config: { access: 'repo:write' } },
    async (request) => {
      const { params } = request
      const repo = await repoOf(services, params)
      const build = await services.crons.run(repo, params.cron, loginOf(request))
      if (build === null) throw cronUnknown(`${params.owner}/${params.name}`, params.cron)
      return renderBuild(build)
    },
  )
}
