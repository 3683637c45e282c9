import { pipelineJsonSchema } from '../../../../pipelines/schema/json-schema.js'
import type { App } from '../../app-types.js'
import { etagOf, isKnownTag } from '../../etag.js'
import { Type } from 'typebox'
import { textAnswer } from '../../schemas/text.js'

/** How long an editor may use it without asking again, in seconds. */
const MAX_AGE = 3600

/**
 * `GET /schema/pipeline.json`: the JSON Schema of pipeline files, for editors. Everyone may have it, pages
 * of other origins too: there is nothing of this server's in it.
 */
export function pipelineSchema(app: App): void {
  const body = JSON.stringify(pipelineJsonSchema())
  const etag = etagOf(body)
  const schema = {
    operationId: 'pipelineSchema',
    summary: 'The JSON Schema of pipeline files, for editors',
    tags: ['server'],
    response: {
      200: textAnswer('application/schema+json'),
      304: Type.Null({ description: 'It is as the asker knows it.' }),
    },
  }
  app.get('/schema/pipeline.json', { schema, config: { access: 'open' } }, (request, reply) => {
    void reply.headers({
      etag,
      'access-control-allow-origin': '*',
      'cache-control': `public, max-age=${MAX_AGE}`,
      'cross-origin-resource-policy': 'cross-origin',
    })
    if (isKnownTag(request.headers['if-none-match'], etag)) return reply.code(304).send()
    return reply.type('application/schema+json; charset=utf-8').send(body)
  })
}
