import { Type } from 'typebox'
import type { App, HttpContext } from '../../app-types.js'
import { CURSOR_QUERY, pagingOf } from '../../pagination.js'
import { renderSecret } from '../../render/secret.js'
import { Secret } from '../../schemas/secret.js'
import { paramsOf, placesOf } from './place.js'

const Query = Type.Object(CURSOR_QUERY, { additionalProperties: false })
const paging = pagingOf('secrets', Type.String({ maxLength: 100 }))

const ownersPaging = pagingOf('all-secrets', Type.Integer({ minimum: 1 }))

/** `GET /api/secrets`: the secrets of all owners, without their values, as Drone has it for administrators. */
export function listOwnersSecrets(app: App, context: HttpContext): void {
  const schema = {
    operationId: 'listAllOrgSecrets',
    summary: 'List the secrets of all owners, without their values',
    tags: ['secrets'],
    querystring: Query,
    response: { 200: Type.Array(Secret) },
  }
  app.get('/secrets', { schema, config: { access: 'admin' } }, async (request, reply) => {
    const page = ownersPaging.read(request.query)
    const after = page.after === null ? {} : { after: page.after }
    const { secrets } = context.services.secrets
    const rows = await secrets.listOfOwners({ ...after, limit: page.fetch })
    const answer = { context, request, reply }
    return ownersPaging.show(rows, page, ({ id }) => id, answer).map(renderSecret)
  })
}

/** `GET /api/repos/:owner/:name/secrets` and `GET /api/secrets/:namespace`: secrets by name, without their values. */
export function listSecrets(app: App, context: HttpContext): void {
  for (const place of placesOf('secrets', 'Secret')) {
    const schema = {
      operationId: `list${place.noun}s`,
      summary: `List the secrets of ${place.of}, without their values`,
      tags: ['secrets'],
      params: paramsOf(place),
      querystring: Query,
      response: { 200: Type.Array(Secret) },
    }
    app.get(place.path, { schema, config: { access: place.read } }, async (request, reply) => {
      const page = paging.read(request.query)
      const after = page.after === null ? {} : { after: page.after }
      const { secrets } = context.services.secrets
      const rows = await secrets.list(await place.scope(context, request), {
        ...after,
        limit: page.fetch,
      })
      const answer = { context, request, reply }
      return paging.show(rows, page, ({ name }) => name, answer).map(renderSecret)
    })
  }
}
