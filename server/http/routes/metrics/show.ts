import { SandpiperError } from '../../../../protocol/errors.js'
import { isSame } from '../../../people/secret-values.js'
import { bearerToken } from '../../authentication.js'
import type { App, HttpContext } from '../../app-types.js'
import { textAnswer } from '../../schemas/text.js'

/**
 * `GET /metrics`: what Prometheus scrapes, for who has the token of the metrics or that of the installation. A token
 * of its own, as a scraper needs no right to change anything.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function showMetrics(app: App, { services, metricsTokens }: HttpContext): void {
  const schema = {
    operationId: 'showMetrics',
    summary: 'What Prometheus scrapes',
    tags: ['server'],
    response: { 200: textAnswer('text/plain') },
  }
  app.get('/metrics', { schema, config: { access: 'metrics' } }, async (request, reply) => {
    const given = bearerToken(request)
    const isRight = metricsTokens.map((token) => isSame(given ?? '', token)).includes(true)
    if (!isRight) throw unauthorized(given !== undefined)
    const { registry } = services.metrics
    return reply.type(registry.contentType).send(await registry.metrics())
  })
}

function unauthorized(hadToken: boolean): SandpiperError {
  const message = hadToken ? 'The token is not right.' : 'The metrics need a token.'
  return new SandpiperError('SP_HTTP_UNAUTHORIZED', message, {
    hint: "Send 'Authorization: Bearer TOKEN' with the value of SANDPIPER_METRICS_TOKEN, or with the token in admin-token.",
  })
}
