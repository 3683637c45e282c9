import { Type } from 'typebox'
import type { LatestBy } from '../../../store/latest-builds.js'
import type { App, HttpContext } from '../../app-types.js'
import { repoOf } from '../../lookup.js'
import { renderBuild } from '../../render/build.js'
import { Build } from '../../schemas/build.js'
import { RepoParams } from '../../schemas/params.js'

const LISTS: readonly (readonly [path: string, operationId: string, what: string, by: LatestBy])[] =
  [
    ['branches', 'listBranches', 'branch', 'branch'],
    ['pulls', 'listPulls', 'pull request', 'pull_request'],
    ['deployments', 'listDeployments', 'target of deployments', 'deploy_to'],
  ]

/** `GET /api/repos/:owner/:name/builds/{branches,pulls,deployments}`: the newest build of each, newest first. */
export function latestBuilds(app: App, { services }: HttpContext): void {
  for (const [path, operationId, what, by] of LISTS) {
    const schema = {
      ...{ operationId, tags: ['builds'], params: RepoParams },
      summary: `List the newest build of each ${what}, newest first`,
      description: "Among the repo's newest 1,000 builds; at most 100.",
      response: { 200: Type.Array(Build) },
    }
    app.get(
      `/repos/:owner/:name/builds/${path}`,
      { schema, config: { access: 'repo:read', polled: true } },
      async ({ params }) => {
        const repo = await repoOf(services, params)
        return (await services.builds.latestBy(repo, by)).map(renderBuild)
      },
    )
  }
}
