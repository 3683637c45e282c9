import { Type } from 'typebox'
import type { App, HttpContext } from '../../app-types.js'

const Total = Type.Object({ total: Type.Integer() })
const Stats = Type.Object({
  users: Total,
  repos: Type.Object({ active: Type.Integer() }),
  builds: Type.Object({
    pending: Type.Integer(),
    running: Type.Integer(),
    total: Type.Integer({ description: 'All that were ever made in the active repos.' }),
  }),
  pipelines: Type.Object({ pending: Type.Integer(), running: Type.Integer() }),
})

/** `GET /api/system/stats`: how much there is of everything, with Drone's names; its `pipelines` are our stages. */
export function systemStats(app: App, { services }: HttpContext): void {
  const schema = {
    operationId: 'systemStats',
    summary: 'Count users, repos, builds and stages',
    tags: ['server'],
    response: { 200: Stats },
  }
  app.get('/system/stats', { schema, config: { access: 'admin' } }, async () => {
    const { users, repos, builds, stages } = await services.repos.stats()
    return { users: { total: users }, repos: { active: repos }, builds, pipelines: stages }
  })
}
