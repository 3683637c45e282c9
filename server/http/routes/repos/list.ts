import type { App, HttpContext } from '../../app-types.js'
import { renderRepo } from '../../render/repo.js'
import { Type } from 'typebox'
import { Repo } from '../../schemas/repo.js'

/** Repos in one answer. */
const REPOS_MAX = 10_000

/** `GET /api/repos`: every repo that one may read, by name. */
export function listRepos(app: App, { services }: HttpContext): void {
  const schema = {
    operationId: 'listRepos',
    summary: 'List the repos that you may read, by name',
    tags: ['repos'],
    response: { 200: Type.Array(Repo) },
  }
  app.get('/repos', { schema, config: { access: 'user', polled: true } }, async ({ principal }) =>
    (await services.people.roles.visible(principal, { limit: REPOS_MAX })).map(renderRepo),
  )
}
