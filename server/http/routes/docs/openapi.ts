import type { App } from '../../app-types.js'
import { etagOf, isKnownTag } from '../../etag.js'
import { textAnswer } from '../../schemas/text.js'
import { Type } from 'typebox'

/** `GET /api/openapi.json`: the OpenAPI 3.1 document of every route, made from their schemas when first asked for. */
export function openapiDocument(app: App): void {
  let made: { readonly body: string; readonly etag: string } | undefined
  const schema = {
    operationId: 'openapi',
    summary: 'This document',
    tags: ['server'],
    response: {
      200: textAnswer('application/json'),
      304: Type.Null({ description: 'It is as the asker knows it.' }),
    },
  }
  app.get('/api/openapi.json', { schema, config: { access: 'open' } }, (request, reply) => {
    made ??= make(app)
    void reply.headers({ etag: made.etag, 'cache-control': 'public, no-cache' })
    if (isKnownTag(request.headers['if-none-match'], made.etag)) return reply.code(304).send()
    return reply.type('application/json; charset=utf-8').send(made.body)
  })
}

function make(app: App): { readonly body: string; readonly etag: string } {
  const body = JSON.stringify(app.swagger())
  return { body, etag: etagOf(body) }
}
