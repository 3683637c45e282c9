import type { App, HttpContext } from '../../app-types.js'

/** `GET /readyz`: 200 when all the server needs is there, 503 with what is not. */
export function readyz(app: App, { services }: HttpContext): void {
  app.get('/readyz', { config: { access: 'open' } }, async (_request, reply) => {
    const checks = await services.health()
    const failing = checks.filter((check) => !check.ok)
    void reply.code(failing.length === 0 ? 200 : 503)
    return { status: failing.length === 0 ? 'ok' : 'unavailable', failing, checks }
  })
}
