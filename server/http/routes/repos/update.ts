import { SandpiperError } from '../../../../protocol/errors.js'
import type { Principal } from '../../../people/principal.js'
import type { App, HttpContext } from '../../app-types.js'
import { repoOf, unknownRepo } from '../../lookup.js'
import { renderRepo } from '../../render/repo.js'
import { RepoParams } from '../../schemas/params.js'
import { Repo } from '../../schemas/repo.js'
import { ADMIN_SETTINGS, RepoPatch, repoChange } from './repo-patch.js'

/** `PATCH /api/repos/:owner/:name`: changes settings of a repo; answers with how it is then. */
export function updateRepo(app: App, { services }: HttpContext): void {
  const schema = {
    operationId: 'updateRepo',
    summary: 'Change settings of a repo',
    description: `What is absent stays. ${ADMIN_SETTINGS.join(', ')}: for administrators of the installation.`,
    tags: ['repos'],
    params: RepoParams,
    body: RepoPatch,
    response: { 200: Repo },
  }
  app.patch(
    '/repos/:owner/:name',
    { schema, config: { access: 'repo:admin' } },
    async ({ params, body, principal }) => {
      checkRights(principal, body)
      const repo = await repoOf(services, params)
      const changed = await services.repos.change(repo, repoChange(body), principal)
      if (changed === null) throw unknownRepo(params)
      return renderRepo(changed)
    },
  )
}

function checkRights(principal: Principal | null, body: Readonly<Record<string, unknown>>): void {
  if (principal?.admin === true) return
  const [setting] = ADMIN_SETTINGS.filter((name) => body[name] !== undefined)
  if (setting === undefined) return
  throw new SandpiperError('SP_HTTP_FORBIDDEN', `You may not change '${setting}'.`, {
    hint: 'Administrators of the installation may.',
  })
}
