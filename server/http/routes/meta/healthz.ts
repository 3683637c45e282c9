import type { App } from '../../app-types.js'
import { Type } from 'typebox'

/** `GET /healthz`: the process is up and answers. */
export function healthz(app: App): void {
  const schema = {
    operationId: 'health',
    summary: 'Tell that the process answers',
    tags: ['server'],
    response: { 200: Type.Object({ status: Type.String() }) },
  }
  app.get('/healthz', { schema, config: { access: 'open' } }, () => ({ status: 'ok' }))
}
