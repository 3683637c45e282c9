import type { App, HttpContext } from '../../app-types.js'
import { Type } from 'typebox'

const Check = Type.Object({
  name: Type.String(),
  required: Type.Boolean(),
  ok: Type.Boolean(),
  detail: Type.String(),
})
const Readiness = Type.Object({
  status: Type.Union([Type.Literal('ok'), Type.Literal('degraded'), Type.Literal('unavailable')]),
  failing: Type.Array(Check),
  checks: Type.Array(Check),
})

/**
 * `GET /readyz`: 200 when all that the server needs is there, `degraded` where something else is not; else 503. A
 * proxy takes a server out for the second only.
 */
export function readyz(app: App, { services }: HttpContext): void {
  const schema = {
    operationId: 'readiness',
    summary: 'Tell whether all that the server needs works',
    tags: ['server'],
    response: { 200: Readiness, 503: Readiness },
  }
  app.get('/readyz', { schema, config: { access: 'open' } }, async (_request, reply) => {
    const checks = await services.health()
    const failing = checks.filter((check) => !check.ok)
    const isUnavailable = failing.some(({ required }) => required)
    void reply.code(isUnavailable ? 503 : 200)
    const degraded = failing.length === 0 ? 'ok' : 'degraded'
    return { status: isUnavailable ? 'unavailable' : degraded, failing, checks } as const
  })
}
