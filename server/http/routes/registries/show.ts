import type { App, HttpContext } from '../../app-types.js'
import { renderRegistry } from '../../render/secret.js'
import { Registry, RegistryAddress } from '../../schemas/registry.js'
import { paramsOf, placesOf } from '../secrets/place.js'

/** `GET .../registries/:address`: one login, without its password. */
export function showRegistry(app: App, context: HttpContext): void {
  for (const place of placesOf('registries', 'Registry')) {
    const schema = {
      operationId: `show${place.noun}Login`,
      summary: `Show a registry login of ${place.of}, without its password`,
      tags: ['registries'],
      params: paramsOf(place, { address: RegistryAddress }),
      response: { 200: Registry },
    }
    const config = { access: place.read }
    app.get(`${place.path}/:address`, { schema, config }, async (request) => {
      const { address } = request.params as { readonly address: string }
      const scope = await place.scope(context, request)
      return renderRegistry(await context.services.secrets.registries.find(scope, address))
    })
  }
}
