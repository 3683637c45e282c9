import type { App, HttpContext } from '../../app-types.js'
import { renderSecret } from '../../render/secret.js'
import { Secret, SecretName } from '../../schemas/secret.js'
import { paramsOf, placesOf } from './place.js'

/** `GET .../secrets/:secret`: one secret, without its value. */
export function showSecret(app: App, context: HttpContext): void {
  for (const place of placesOf('secrets', 'Secret')) {
    const schema = {
      operationId: `show${place.noun}`,
      summary: `Show a secret of ${place.of}, without its value`,
      tags: ['secrets'],
      params: paramsOf(place, { secret: SecretName }),
      response: { 200: Secret },
    }
    const config = { access: place.read }
    app.get(`${place.path}/:secret`, { schema, config }, async (request) => {
      const { secret } = request.params as { readonly secret: string }
      const scope = await place.scope(context, request)
      return renderSecret(await context.services.secrets.secrets.find(scope, secret))
    })
  }
}
