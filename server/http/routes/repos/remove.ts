import { Type } from 'typebox'
import type { App, HttpContext } from '../../app-types.js'
import { repoOf, unknownRepo } from '../../lookup.js'
import { renderRepo } from '../../render/repo.js'
import { RepoParams } from '../../schemas/params.js'
import { SwitchedRepo } from '../../schemas/repo.js'

const Query = Type.Object({
  remove: Type.Optional(
    Type.Boolean({ description: 'Remove it with its builds and logs, not only disable it.' }),
  ),
})

/**
 * `DELETE /api/repos/:owner/:name`: builds the repo no more; answers with it, as Drone does. With `?remove=true` it is
 * removed with its builds and logs.
 */
export function removeRepo(app: App, { services }: HttpContext): void {
  const schema = {
    operationId: 'removeRepo',
    summary: 'Disable a repo, or remove it with its builds and logs',
    description: 'Removes its webhook at its forge as well; `hook` tells whether it could.',
    tags: ['repos'],
    params: RepoParams,
    querystring: Query,
    response: { 200: SwitchedRepo, 204: Type.Null({ description: 'It is gone.' }) },
  }
  app.delete(
    '/repos/:owner/:name',
    { schema, config: { access: 'repo:admin' } },
    async ({ params, query, principal }, reply) => {
      const repo = await repoOf(services, params)
      const hook = await services.repoHooks.remove(repo, principal)
      if (query.remove === true) {
        const { owner, name } = params
        if (!(await services.repos.remove(owner, name, principal))) throw unknownRepo(params)
        return reply.code(204).send()
      }
      const changed = await services.repos.change(repo, { active: false }, principal)
      if (changed === null) throw unknownRepo(params)
      return { ...renderRepo(changed), hook }
    },
  )
}
