import type { App, HttpContext } from '../../app-types.js'
import { SECRET_BODY_BYTES_MAX } from '../../limits.js'
import { renderSecret } from '../../render/secret.js'
import { NewSecret, Secret } from '../../schemas/secret.js'
import { paramsOf, placesOf } from './place.js'
import { rulesOf } from './rules-of.js'

/** `POST .../secrets`: keeps a secret. Drone answers with 200, not 201. */
export function createSecret(app: App, context: HttpContext): void {
  for (const place of placesOf('secrets', 'Secret')) {
    const schema = {
      operationId: `create${place.noun}`,
      summary: `Keep a secret of ${place.of}`,
      tags: ['secrets'],
      params: paramsOf(place),
      body: NewSecret,
      response: { 200: Secret },
    }
    const config = { access: place.write }
    const options = { schema, config, bodyLimit: SECRET_BODY_BYTES_MAX }
    app.post(place.path, options, async (request) => {
      const { name, data } = request.body
      const scope = await place.scope(context, request)
      const secret = { ...rulesOf(request.body), name, data }
      const { secrets } = context.services.secrets
      return renderSecret(await secrets.create(scope, secret, request.principal))
    })
  }
}
