import type { App } from '../../app-types.js'

/** `GET /healthz`: the process is up and answers. */
export function healthz(app: App): void {
  app.get('/healthz', { config: { access: 'open' } }, () => ({ status: 'ok' }))
}
