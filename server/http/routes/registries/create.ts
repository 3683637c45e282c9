import type { App, HttpContext } from '../../app-types.js'
import { SECRET_BODY_BYTES_MAX } from '../../limits.js'
import { renderRegistry } from '../../render/secret.js'
import { NewRegistry, Registry } from '../../schemas/registry.js'
import { paramsOf, placesOf } from '../secrets/place.js'

/** `POST .../registries`: keeps a login. Woodpecker answers with 200, not 201. */
export function createRegistry(app: App, context: HttpContext): void {
  for (const place of placesOf('registries', 'Registry')) {
    const schema = {
      operationId: `create${place.noun}Login`,
      summary: `Keep a registry login of ${place.of}`,
      tags: ['registries'],
      params: paramsOf(place),
      body: NewRegistry,
      response: { 200: Registry },
    }
    const config = { access: place.write }
    const options = { schema, config, bodyLimit: SECRET_BODY_BYTES_MAX }
    app.post(place.path, options, async (request) => {
      const scope = await place.scope(context, request)
      const { registries } = context.services.secrets
      return renderRegistry(await registries.create(scope, request.body, request.principal))
    })
  }
}
