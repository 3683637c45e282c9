import { Type } from 'typebox'
import type { App, HttpContext } from '../../app-types.js'
import { renderBuild } from '../../render/build.js'
import { renderRepo } from '../../render/repo.js'
import { Build } from '../../schemas/build.js'
import { REPO } from '../../schemas/repo.js'

/** Builds in one answer. */
const BUILDS_MAX = 100

/** `GET /api/builds/incomplete`: repos with a build that has not ended, as Drone has it: one entry a build. */
export function incompleteBuilds(app: App, { services }: HttpContext): void {
  const schema = {
    operationId: 'listIncompleteBuilds',
    summary: 'List the builds of all repos that have not ended, oldest first',
    description: `At most ${BUILDS_MAX}, each in \`build\` of its repo.`,
    tags: ['builds'],
    response: {
      200: Type.Array(Type.Object({ ...REPO, build: Build }, { title: 'RepoWithBuild' })),
    },
  }
  app.get('/builds/incomplete', { schema, config: { access: 'admin', polled: true } }, async () => {
    const open = await services.repos.open(BUILDS_MAX)
    return open.map(({ repo, build }) => ({ ...renderRepo(repo), build: renderBuild(build) }))
  })
}
