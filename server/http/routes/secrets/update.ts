import type { App, HttpContext } from '../../app-types.js'
import { SECRET_BODY_BYTES_MAX } from '../../limits.js'
import { renderSecret } from '../../render/secret.js'
import { Secret, SecretChange, SecretName } from '../../schemas/secret.js'
import { paramsOf, placesOf } from './place.js'
import { rulesOf } from './rules-of.js'

/**
 * `PATCH .../secrets/:secret`: changes its value or its rules; what is not given stays. Its name stays always. Drone's
 * clients send POST for it.
 */
export function updateSecret(app: App, context: HttpContext): void {
  for (const method of ['PATCH', 'POST'] as const) updateRoutes(app, context, method)
}

function updateRoutes(app: App, context: HttpContext, method: 'PATCH' | 'POST'): void {
  for (const place of placesOf('secrets', 'Secret')) {
    const schema = {
      operationId: `update${place.noun}${method === 'POST' ? 'ByPost' : ''}`,
      summary: `Change the value or the rules of a secret of ${place.of}`,
      tags: ['secrets'],
      params: paramsOf(place, { secret: SecretName }),
      body: SecretChange,
      response: { 200: Secret },
    }
    const config = { access: place.write }
    app.route({
      ...{ schema, config, bodyLimit: SECRET_BODY_BYTES_MAX },
      ...{ method, url: `${place.path}/:secret` },
      handler: async (request) => {
        const { secret } = request.params as { readonly secret: string }
        const { data } = request.body
        const scope = await place.scope(context, request)
        const change = { ...rulesOf(request.body), ...(data === undefined ? {} : { data }) }
        const { secrets } = context.services.secrets
        return renderSecret(await secrets.update(scope, secret, change, request.principal))
      },
    })
  }
}
