import { Type } from 'typebox'
import type { App, HttpContext } from '../../app-types.js'
import { CURSOR_QUERY, pagingOf } from '../../pagination.js'
import { renderRegistry } from '../../render/secret.js'
import { Registry } from '../../schemas/registry.js'
import { paramsOf, placesOf } from '../secrets/place.js'

const Query = Type.Object(CURSOR_QUERY, { additionalProperties: false })
const paging = pagingOf('registries', Type.String({ maxLength: 255 }))

/** `GET /api/repos/:owner/:name/registries` and `GET /api/registries/:namespace`: logins, without their passwords. */
export function listRegistries(app: App, context: HttpContext): void {
  for (const place of placesOf('registries', 'Registry')) {
    const schema = {
      operationId: `list${place.noun}Logins`,
      summary: `List the registry logins of ${place.of}, without their passwords`,
      tags: ['registries'],
      params: paramsOf(place),
      querystring: Query,
      response: { 200: Type.Array(Registry) },
    }
    app.get(place.path, { schema, config: { access: place.read } }, async (request, reply) => {
      const page = paging.read(request.query)
      const after = page.after === null ? {} : { after: page.after }
      const scope = await place.scope(context, request)
      const { registries } = context.services.secrets
      const rows = await registries.list(scope, { ...after, limit: page.fetch })
      const answer = { context, request, reply }
      return paging.show(rows, page, ({ address }) => address, answer).map(renderRegistry)
    })
  }
}
