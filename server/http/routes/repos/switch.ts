import type { RepoChange } from '../../../builds/repo-change.js'
import type { Principal } from '../../../people/principal.js'
import type { App, HttpContext } from '../../app-types.js'
import { repoOf, unknownRepo } from '../../lookup.js'
import { renderRepo } from '../../render/repo.js'
import { RepoParams } from '../../schemas/params.js'
import { Repo } from '../../schemas/repo.js'

/** `POST /api/repos/:owner/:name` and `.../chown`, `.../repair`: what Drone's clients do with a repo; each answers with it. */
export function switchRepo(app: App, { services }: HttpContext): void {
  post('', 'enableRepo', 'Build a repo again that was disabled', () => ({ active: true }))
  post('/chown', 'chownRepo', "Become who the repo's statuses are sent for", (principal) => ({
    userId: principal?.userId ?? 0,
  }))

  function post(
    path: string,
    operationId: string,
    summary: string,
    changeOf: (principal: Principal | null) => RepoChange,
  ): void {
    const schema = {
      ...{ operationId, summary, tags: ['repos'], params: RepoParams },
      response: { 200: Repo },
    }
    const options = { schema, config: { access: 'repo:admin' } } as const
    app.post(`/repos/:owner/:name${path}`, options, async ({ params, principal }) => {
      const repo = await repoOf(services, params)
      const changed = await services.repos.change(repo, changeOf(principal), principal)
      if (changed === null) throw unknownRepo(params)
      return renderRepo(changed)
    })
  }
}
