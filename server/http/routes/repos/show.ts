import type { App, HttpContext } from '../../app-types.js'
import { hookLinks } from '../../links.js'
import { repoOf } from '../../lookup.js'
import { renderRepo } from '../../render/repo.js'
import { RepoParams } from '../../schemas/params.js'

/** `GET /api/repos/:owner/:name`: one repo and where its webhooks go. */
export function showRepo(app: App, context: HttpContext): void {
  app.get(
    '/repos/:owner/:name',
    { schema: { params: RepoParams }, config: { access: 'repo:read' } },
    async (request) => {
      const repo = renderRepo(await repoOf(context.services, request.params))
      return { ...repo, hooks: hookLinks(context, repo.slug) }
    },
  )
}
