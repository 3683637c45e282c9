import { Type } from 'typebox'
import type { App, HttpContext } from '../../app-types.js'
import { repoOf } from '../../lookup.js'
import { RepoParams } from '../../schemas/params.js'
import { loginOf } from '../../who.js'

const BranchQuery = Type.Object({
  branch: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
})

/** `POST /api/repos/:owner/:name/builds/cancel`: ends all builds, of a branch if it is named. */
export function cancelAllBuilds(app: App, { services }: HttpContext): void {
  const schema = {
    operationId: 'cancelAllBuilds',
    summary: 'Cancel every build that has not ended',
    tags: ['builds'],
    params: RepoParams,
    querystring: BranchQuery,
    response: { 200: Type.Object({ cancelled: Type.Integer() }) },
  }
  app.post(
    '/repos/:owner/:name/builds/cancel',
    { schema, config: { access: 'repo:write' } },
    async (request) => {
      const repo = await repoOf(services, request.params)
      const cancelled = await services.builds.cancelAll(repo, request.query, loginOf(request))
      return { cancelled }
    },
  )
}
