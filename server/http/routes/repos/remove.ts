import type { App, HttpContext } from '../../app-types.js'
import { unknownRepo } from '../../lookup.js'
import { RepoParams } from '../../schemas/params.js'
import { Type } from 'typebox'

/** `DELETE /api/repos/:owner/:name`: removes the repo, its builds and its logs. */
export function removeRepo(app: App, { services }: HttpContext): void {
  const schema = {
    operationId: 'removeRepo',
    summary: 'Remove a repo with its builds and logs',
    tags: ['repos'],
    params: RepoParams,
    response: { 204: Type.Null({ description: 'It is gone.' }) },
  }
  app.delete(
    '/repos/:owner/:name',
    { schema, config: { access: 'repo:admin' } },
    async (request, reply) => {
      const { owner, name } = request.params
      if (!(await services.repos.remove(owner, name))) throw unknownRepo(request.params)
      return reply.code(204).send()
    },
  )
}
