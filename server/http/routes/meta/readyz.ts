import type { App, HttpContext } from '../../app-types.js'
import { Type } from 'typebox'

const Check = Type.Object({ name: Type.String(), ok: Type.Boolean(), detail: Type.String() })
const Readiness = Type.Object({
  status: Type.String(),
  failing: Type.Array(Check),
  checks: Type.Array(Check),
})

/** `GET /readyz`: 200 when all the server needs is there, 503 with what is not. */
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
    void reply.code(failing.length === 0 ? 200 : 503)
    return { status: failing.length === 0 ? 'ok' : 'unavailable', failing, checks }
  })
}
