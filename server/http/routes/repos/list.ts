import type { App, HttpContext } from '../../app-types.js'
import { renderRepo } from '../../render/repo.js'
import { Type } from 'typebox'
import { Repo } from '../../schemas/repo.js'

/** `GET /api/repos`: every repo, by name. */
export function listRepos(app: App, { services }: HttpContext): void {
  const schema = {
    operationId: 'listRepos',
    summary: 'List the repos, by name',
    tags: ['repos'],
    response: { 200: Type.Array(Repo) },
  }
  app.get('/repos', { schema, config: { access: 'user' } }, async () =>
    (await services.repos.list()).map(renderRepo),
  )
}
