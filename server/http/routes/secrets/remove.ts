import { Type } from 'typebox'
import type { App, HttpContext } from '../../app-types.js'
import { SecretName } from '../../schemas/secret.js'
import { paramsOf, placesOf } from './place.js'

/** `DELETE .../secrets/:secret`: forgets a secret. Jobs that wait on a queue have it already. */
export function removeSecret(app: App, context: HttpContext): void {
  for (const place of placesOf('secrets', 'Secret')) {
    const schema = {
      operationId: `remove${place.noun}`,
      summary: `Forget a secret of ${place.of}`,
      tags: ['secrets'],
      params: paramsOf(place, { secret: SecretName }),
      response: { 204: Type.Null() },
    }
    const config = { access: place.write }
    app.delete(`${place.path}/:secret`, { schema, config }, async (request, reply) => {
      const { secret } = request.params as { readonly secret: string }
      const scope = await place.scope(context, request)
      await context.services.secrets.secrets.remove(scope, secret, request.principal)
      return reply.code(204).send(null)
    })
  }
}
