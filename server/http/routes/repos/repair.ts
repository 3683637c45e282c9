import type { App, HttpContext } from '../../app-types.js'
import { repoOf } from '../../lookup.js'
import { renderRepo } from '../../render/repo.js'
import { RepoParams } from '../../schemas/params.js'
import { Repo } from '../../schemas/repo.js'

/** `POST /api/repos/:owner/:name/repair`: forgets the server's copy of the repo; the next build fetches it anew. */
export function repairRepo(app: App, { services }: HttpContext): void {
  const schema = {
    operationId: 'repairRepo',
    summary: "Forget the server's copy of a repo, so that the next build fetches it anew",
    tags: ['repos'],
    params: RepoParams,
    response: { 200: Repo },
  }
  app.post(
    '/repos/:owner/:name/repair',
    { schema, config: { access: 'repo:admin' } },
    async ({ params }) => {
      const repo = await repoOf(services, params)
      await services.repos.repair(repo)
      return renderRepo(repo)
    },
  )
}
