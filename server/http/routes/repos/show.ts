import type { App, HttpContext } from '../../app-types.js'
import { hookLinks } from '../../links.js'
import { repoOf } from '../../lookup.js'
import { renderRepo } from '../../render/repo.js'
import { RepoParams } from '../../schemas/params.js'
import { RepoWithHooks } from '../../schemas/repo.js'

/** `GET /api/repos/:owner/:name`: one repo and where its webhooks go. */
export function showRepo(app: App, context: HttpContext): void {
  const schema = {
    operationId: 'showRepo',
    summary: 'Show a repo and where its webhooks go',
    tags: ['repos'],
    params: RepoParams,
    response: { 200: RepoWithHooks },
  }
  app.get(
    '/repos/:owner/:name',
    { schema, config: { access: 'repo:read', polled: true } },
    async (request) => {
      const repo = renderRepo(await repoOf(context.services, request.params))
      return { ...repo, hooks: hookLinks(context, repo.slug) }
    },
  )
}
