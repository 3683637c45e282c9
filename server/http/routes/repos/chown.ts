import type { App, HttpContext } from '../../app-types.js'
import { repoOf, unknownRepo } from '../../lookup.js'
import { renderRepo } from '../../render/repo.js'
import { RepoParams } from '../../schemas/params.js'
import { Repo } from '../../schemas/repo.js'

/** `POST /api/repos/:owner/:name/chown`, as in Drone: whoever asks becomes who its statuses are sent for. */
export function chownRepo(app: App, { services }: HttpContext): void {
  const schema = {
    operationId: 'chownRepo',
    summary: "Become who the repo's statuses are sent for",
    tags: ['repos'],
    params: RepoParams,
    response: { 200: Repo },
  }
  const options = { schema, config: { access: 'repo:admin' } } as const
  app.post('/repos/:owner/:name/chown', options, async ({ params, principal }) => {
    const repo = await repoOf(services, params)
    const userId = principal?.userId ?? 0
    const changed = await services.repos.change(repo, { userId }, principal)
    if (changed === null) throw unknownRepo(params)
    return renderRepo(changed)
  })
}
