import { Type } from 'typebox'
import type { App, HttpContext } from '../../app-types.js'
import { RegistryAddress } from '../../schemas/registry.js'
import { paramsOf, placesOf } from '../secrets/place.js'

/** `DELETE .../registries/:address`: forgets a login. */
export function removeRegistry(app: App, context: HttpContext): void {
  for (const place of placesOf('registries', 'Registry')) {
    const schema = {
      operationId: `remove${place.noun}Login`,
      summary: `Forget a registry login of ${place.of}`,
      tags: ['registries'],
      params: paramsOf(place, { address: RegistryAddress }),
      response: { 204: Type.Null() },
    }
    const config = { access: place.write }
    app.delete(`${place.path}/:address`, { schema, config }, async (request, reply) => {
      const { address } = request.params as { readonly address: string }
      const scope = await place.scope(context, request)
      await context.services.secrets.registries.remove(scope, address, request.principal)
      return reply.code(204).send(null)
    })
  }
}
