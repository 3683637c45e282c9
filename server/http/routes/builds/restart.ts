import type { Restart } from '../../../builds/types.js'
import type { App, HttpContext } from '../../app-types.js'
import { repoOf, unknownBuild } from '../../lookup.js'
import { renderBuild } from '../../render/build.js'
import { paramsOf, RestartQuery } from '../../schemas/build-actions.js'
import { BuildParams } from '../../schemas/params.js'
import { Build } from '../../schemas/build.js'
import { loginOf } from '../../who.js'

/** `POST /api/repos/:owner/:name/builds/:number`: a new build of the same event; answers with it. */
export function restartBuild(app: App, { services }: HttpContext): void {
  const schema = {
    operationId: 'restartBuild',
    summary: 'Restart a build, or a part of it',
    description:
      'Makes a new build of the same event and answers with it; its `parent` is the old one. ' +
      'What is not made again is taken over as it ended, with its logs.',
    tags: ['builds'],
    params: BuildParams,
    querystring: RestartQuery,
    response: { 200: Build },
  }
  app.post(
    '/repos/:owner/:name/builds/:number',
    { schema, config: { access: 'repo:write' } },
    async (request) => {
      const repo = await repoOf(services, request.params)
      const how = { ...howOf(request.query), by: loginOf(request) }
      const build = await services.builds.restart(repo, Number(request.params.number), how)
      if (build === null) throw unknownBuild(request.params)
      return renderBuild(build)
    },
  )
}

function howOf(query: { readonly failed?: string; readonly from?: string }): Restart {
  const { failed, from } = query
  return {
    failed: failed === 'true',
    ...(from === undefined ? {} : { from }),
    params: paramsOf(query),
  }
}
