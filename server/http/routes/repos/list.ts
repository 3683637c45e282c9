import type { App, HttpContext } from '../../app-types.js'
import { renderRepo } from '../../render/repo.js'

/** `GET /api/repos`: every repo, by name. */
export function listRepos(app: App, { services }: HttpContext): void {
  app.get('/repos', { config: { access: 'user' } }, async () =>
    (await services.repos.list()).map(renderRepo),
  )
}
