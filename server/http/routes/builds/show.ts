import type { App, HttpContext } from '../../app-types.js'
import { buildOf } from '../../lookup.js'
import { renderBuildDetail } from '../../render/build.js'
import { BuildOrLatestParams } from '../../schemas/params.js'
import { BuildDetail } from '../../schemas/build.js'

/** `GET /api/repos/:owner/:name/builds/:number`: one build with stages and steps; or `latest`. */
export function showBuild(app: App, { services }: HttpContext): void {
  const schema = {
    operationId: 'showBuild',
    summary: 'Show a build with its stages and steps',
    description: '`latest` is a number too.',
    tags: ['builds'],
    params: BuildOrLatestParams,
    response: { 200: BuildDetail },
  }
  app.get(
    '/repos/:owner/:name/builds/:number',
    { schema, config: { access: 'repo:read', polled: true } },
    async (request) => {
      const { detail } = await buildOf(services, request.params)
      return renderBuildDetail(detail, await services.builds.waiting(detail))
    },
  )
}
