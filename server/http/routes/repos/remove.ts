import type { App, HttpContext } from '../../app-types.js'
import { unknownRepo } from '../../lookup.js'
import { RepoParams } from '../../schemas/params.js'

/** `DELETE /api/repos/:owner/:name`: removes the repo, its builds and its logs. */
export function removeRepo(app: App, { services }: HttpContext): void {
  app.delete(
    '/repos/:owner/:name',
    { schema: { params: RepoParams }, config: { access: 'repo:admin' } },
    async (request, reply) => {
      const { owner, name } = request.params
      if (!(await services.repos.remove(owner, name))) throw unknownRepo(request.params)
      return reply.code(204).send()
    },
  )
}
