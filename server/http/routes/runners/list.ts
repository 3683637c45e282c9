import { Type } from 'typebox'
import type { App, HttpContext } from '../../app-types.js'
import { renderRunner } from '../../render/runner.js'

const RunnerAnswer = Type.Object({
  session: Type.String(),
  machine: Type.String(),
  online: Type.Boolean(),
  os: Type.String(),
  arch: Type.String(),
  variant: Type.String(),
  kernel: Type.String(),
  labels: Type.Record(Type.String(), Type.String()),
  capacity: Type.Integer(),
  running: Type.Integer(),
  version: Type.String(),
  first_seen: Type.Integer(),
  last_seen: Type.Integer(),
  first_seen_ms: Type.Integer(),
  last_seen_ms: Type.Integer(),
})

/** `GET /api/runners`: the runners that were heard of within a day, by machine. */
export function listRunners(app: App, { services }: HttpContext): void {
  const schema = {
    operationId: 'listRunners',
    summary: 'The runners that were heard of within a day',
    tags: ['runners'],
    response: { 200: Type.Array(RunnerAnswer) },
  }
  app.get('/runners', { schema, config: { access: 'user', polled: true } }, async () =>
    (await services.runners.list()).map(renderRunner),
  )
}
