import type { App, HttpContext } from '../../app-types.js'
import { SECRET_BODY_BYTES_MAX } from '../../limits.js'
import { renderSecret } from '../../render/secret.js'
import { Secret, SecretChange, SecretName } from '../../schemas/secret.js'
import { paramsOf, placesOf } from './place.js'
import { rulesOf } from './rules-of.js'

/** `PATCH .../secrets/:secret`: changes its value or its rules; what is not given stays. Its name stays always. */
export function updateSecret(app: App, context: HttpContext): void {
  for (const place of placesOf('secrets', 'Secret')) {
    const schema = {
      operationId: `update${place.noun}`,
      summary: `Change the value or the rules of a secret of ${place.of}`,
      tags: ['secrets'],
      params: paramsOf(place, { secret: SecretName }),
      body: SecretChange,
      response: { 200: Secret },
    }
    const config = { access: place.write }
    const options = { schema, config, bodyLimit: SECRET_BODY_BYTES_MAX }
    app.patch(`${place.path}/:secret`, options, async (request) => {
      const { secret } = request.params as { readonly secret: string }
      const { data } = request.body
      const scope = await place.scope(context, request)
      const change = { ...rulesOf(request.body), ...(data === undefined ? {} : { data }) }
      const { secrets } = context.services.secrets
      return renderSecret(await secrets.update(scope, secret, change, request.principal))
    })
  }
}
