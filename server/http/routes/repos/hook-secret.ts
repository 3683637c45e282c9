import type { App, HttpContext } from '../../app-types.js'
import { repoOf, unknownRepo } from '../../lookup.js'
import { RepoParams } from '../../schemas/params.js'
import { Type } from 'typebox'

/**
 * `GET /api/repos/:owner/:name/hook-secret`: the secret that the repo's webhooks are signed with, for
 * `sandpiper hook install`. A route of its own, so that nobody gets it who only wanted the repo.
 */
export function showHookSecret(app: App, { services }: HttpContext): void {
  const schema = {
    operationId: 'showHookSecret',
    summary: "Show the secret that a repo's webhooks are signed with",
    tags: ['repos'],
    params: RepoParams,
    response: { 200: Type.Object({ hook_secret: Type.String() }) },
  }
  app.get(
    '/repos/:owner/:name/hook-secret',
    { schema, config: { access: 'repo:admin' } },
    async (request, reply) => {
      const repo = await repoOf(services, request.params)
      const [found] = await services.repos.hookSecrets(`${repo.owner}/${repo.name}`)
      if (found === undefined) throw unknownRepo(request.params)
      await services.audit.record({
        ...{ actor: request.principal, action: 'hook-secret.show', repoId: repo.id },
        subject: `${repo.owner}/${repo.name}`,
      })
      return reply.header('cache-control', 'no-store').send({ hook_secret: found.secret })
    },
  )
}
