import type { App, HttpContext } from '../../app-types.js'
import { repoOf, unknownRepo } from '../../lookup.js'
import { renderRepo } from '../../render/repo.js'
import { RepoParams } from '../../schemas/params.js'
import { SwitchedRepo } from '../../schemas/repo.js'

/** `POST /api/repos/:owner/:name`: builds the repo, as Drone's clients ask for; answers with it. */
export function enableRepo(app: App, { services }: HttpContext): void {
  const schema = {
    operationId: 'enableRepo',
    summary: 'Build a repo again that was disabled',
    description: 'Sets its webhook at its forge as well, also of one that is enabled.',
    tags: ['repos'],
    params: RepoParams,
    response: { 200: SwitchedRepo },
  }
  const options = { schema, config: { access: 'repo:admin' } } as const
  app.post('/repos/:owner/:name', options, async ({ params, principal }) => {
    const repo = await repoOf(services, params)
    const changed = await services.repos.change(repo, { active: true }, principal)
    if (changed === null) throw unknownRepo(params)
    const hook = await services.repoHooks.ensure(changed, principal)
    return { ...renderRepo(changed), hook }
  })
}
