import type { App, HttpContext } from '../../app-types.js'
import { repoOf, unknownBuild } from '../../lookup.js'
import { renderBuildDetail } from '../../render/build.js'
import { BuildParams } from '../../schemas/params.js'
import { BuildDetail } from '../../schemas/build.js'
import { loginOf } from '../../who.js'

/** `DELETE /api/repos/:owner/:name/builds/:number`: ends the build; answers with how it stands now. */
export function cancelBuild(app: App, { services }: HttpContext): void {
  const schema = {
    operationId: 'cancelBuild',
    summary: 'Cancel a build',
    description: 'Answers with how the build stands now.',
    tags: ['builds'],
    params: BuildParams,
    response: { 200: BuildDetail },
  }
  app.delete(
    '/repos/:owner/:name/builds/:number',
    { schema, config: { access: 'repo:write' } },
    async (request) => {
      const repo = await repoOf(services, request.params)
      const detail = await services.builds.cancel(
        repo,
        Number(request.params.number),
        loginOf(request),
      )
      if (detail === null) throw unknownBuild(request.params)
      return renderBuildDetail(detail)
    },
  )
}
