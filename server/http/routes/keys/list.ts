import { Type } from 'typebox'
import type { App, HttpContext } from '../../app-types.js'
import { Key } from '../../schemas/key.js'

/** `GET /api/keys`: the keys that secrets are sealed with, never themselves, and how many need each. */
export function listKeys(app: App, { services }: HttpContext): void {
  const schema = {
    operationId: 'listKeys',
    summary: 'List the keys that secrets are sealed with, by their ids',
    tags: ['keys'],
    response: { 200: Type.Array(Key) },
  }
  app.get('/keys', { schema, config: { access: 'admin' } }, async () => [
    ...(await services.secrets.keys.list()),
  ])
}
