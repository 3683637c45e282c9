import type { App, HttpContext } from '../../app-types.js'
import { Type } from 'typebox'

/** `GET /version`. */
export function version(app: App, context: HttpContext): void {
  const schema = {
    operationId: 'version',
    summary: "Tell the server's version",
    tags: ['server'],
    response: { 200: Type.Object({ name: Type.String(), version: Type.String() }) },
  }
  app.get('/version', { schema, config: { access: 'open' } }, () => ({
    name: 'sandpiper',
    version: context.version,
  }))
}
