import { Type } from 'typebox'
import type { App, HttpContext } from '../../app-types.js'
import { renderQueuedStage } from '../../render/stage.js'
import { QueuedStage } from '../../schemas/stage.js'

/** `GET /api/queue`: the stages of all repos that wait or run, the oldest first. */
export function listQueue(app: App, { services }: HttpContext): void {
  const schema = {
    operationId: 'listQueue',
    summary: 'What waits and runs',
    description: 'Stages of all repos, the oldest first; a thousand at most.',
    tags: ['queue'],
    response: { 200: Type.Array(QueuedStage) },
  }
  app.get('/queue', { schema, config: { access: 'admin', polled: true } }, async () =>
    (await services.builds.queue()).map(renderQueuedStage),
  )
}
