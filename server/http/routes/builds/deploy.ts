import type { Deployment } from '../../../builds/types.js'
import type { App, HttpContext } from '../../app-types.js'
import { invalid } from '../../error-mapping.js'
import { repoOf, unknownBuild } from '../../lookup.js'
import { renderBuild } from '../../render/build.js'
import { Build } from '../../schemas/build.js'
import { DeployBody, DeployQuery, paramsOf } from '../../schemas/build-actions.js'
import { BuildParams } from '../../schemas/params.js'
import { loginOf } from '../../who.js'

/** `POST /api/repos/:owner/:name/builds/:number/promote`: deploys the build's commit to `?target=`. */
export function promoteBuild(app: App, context: HttpContext): void {
  deployRoute(app, context, { event: 'promote', summary: "Deploy a build's commit" })
}

/** `POST /api/repos/:owner/:name/builds/:number/rollback`: goes back to the build's commit in `?target=`. */
export function rollbackBuild(app: App, context: HttpContext): void {
  deployRoute(app, context, { event: 'rollback', summary: "Go back to a build's commit" })
}

function deployRoute(
  app: App,
  { services }: HttpContext,
  { event, summary }: Pick<Deployment, 'event'> & { readonly summary: string },
): void {
  const schema = {
    operationId: `${event}Build`,
    summary,
    description:
      'Makes a new build and answers with it. `target` and further names, which become variables, may be in query or body.',
    tags: ['builds'],
    params: BuildParams,
    querystring: DeployQuery,
    body: DeployBody,
    response: { 200: Build },
  }
  app.post(
    `/repos/:owner/:name/builds/:number/${event}`,
    { schema, config: { access: 'repo:write' } },
    async (request) => {
      const repo = await repoOf(services, request.params)
      const given = { ...request.query, ...request.body }
      const { target } = given
      if (target === undefined) throw invalid("'target' is missing: the environment to deploy to.")
      const deployment = { event, target, params: paramsOf(given), by: loginOf(request) }
      const build = await services.builds.deploy(repo, Number(request.params.number), deployment)
      if (build === null) throw unknownBuild(request.params)
      return renderBuild(build)
    },
  )
}
