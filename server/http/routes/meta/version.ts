import type { App, HttpContext } from '../../app-types.js'

/** `GET /version`. */
export function version(app: App, context: HttpContext): void {
  app.get('/version', { config: { access: 'open' } }, () => ({
    name: 'sandpiper',
    version: context.version,
  }))
}
