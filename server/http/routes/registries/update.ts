import type { App, HttpContext } from '../../app-types.js'
import { SECRET_BODY_BYTES_MAX } from '../../limits.js'
import { renderRegistry } from '../../render/secret.js'
import { Registry, RegistryAddress, RegistryChange } from '../../schemas/registry.js'
import { paramsOf, placesOf } from '../secrets/place.js'

/** `PATCH .../registries/:address`: changes a login; what is not given stays. Its address stays always. */
export function updateRegistry(app: App, context: HttpContext): void {
  for (const place of placesOf('registries', 'Registry')) {
    const schema = {
      operationId: `update${place.noun}Login`,
      summary: `Change a registry login of ${place.of}`,
      tags: ['registries'],
      params: paramsOf(place, { address: RegistryAddress }),
      body: RegistryChange,
      response: { 200: Registry },
    }
    const config = { access: place.write }
    const options = { schema, config, bodyLimit: SECRET_BODY_BYTES_MAX }
    app.patch(`${place.path}/:address`, options, async (request) => {
      const { address } = request.params as { readonly address: string }
      const { username, password, forks } = request.body
      const change = {
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password }),
        ...(forks === undefined ? {} : { forks }),
      }
      const scope = await place.scope(context, request)
      const { registries } = context.services.secrets
      return renderRegistry(await registries.update(scope, address, change, request.principal))
    })
  }
}
