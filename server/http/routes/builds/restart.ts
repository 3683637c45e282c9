import type { App, HttpContext } from '../../app-types.js'
import { repoOf, unknownBuild } from '../../lookup.js'
import { renderBuild } from '../../render/build.js'
import { BuildParams } from '../../schemas/params.js'
import { Build } from '../../schemas/build.js'

/** `POST /api/repos/:owner/:name/builds/:number`: a new build of the same event; answers with it. */
export function restartBuild(app: App, { services }: HttpContext): void {
  const schema = {
    operationId: 'restartBuild',
    summary: 'Restart a build',
    description:
      'Makes a new build of the same event and answers with it; its `parent` is the old one.',
    tags: ['builds'],
    params: BuildParams,
    response: { 200: Build },
  }
  app.post(
    '/repos/:owner/:name/builds/:number',
    { schema, config: { access: 'repo:write' } },
    async (request) => {
      const repo = await repoOf(services, request.params)
      const build = await services.builds.restart(repo, Number(request.params.number))
      if (build === null) throw unknownBuild(request.params)
      return renderBuild(build)
    },
  )
}
