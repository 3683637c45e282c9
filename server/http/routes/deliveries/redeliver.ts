import { redeliver } from '../../../hooks/redeliver.js'
import { renderResult } from '../../../hooks/answer.js'
import { HookAnswer } from '../../../hooks/answer-schema.js'
import { pageLink } from '../../../links.js'
import type { App, HttpContext } from '../../app-types.js'
import { deliveryOf } from './delivery-of.js'
import { DeliveryParams } from './render.js'

/** `POST /api/repos/:owner/:name/deliveries/:id/redeliver`: makes what the delivery should have made. */
export function redeliverDelivery(app: App, context: HttpContext): void {
  const schema = {
    ...{ operationId: 'redeliver', tags: ['deliveries'], params: DeliveryParams },
    summary: 'Read a webhook once more and make what it should have made',
    response: { 200: HookAnswer, 202: HookAnswer },
  }
  app.post(
    '/repos/:owner/:name/deliveries/:id/redeliver',
    { schema, config: { access: 'repo:admin' } },
    async (request, reply) => {
      const { services } = context
      const { repo, delivery } = await deliveryOf(services, request.params)
      const by = { login: request.principal?.login ?? '', now: Date.now() }
      const result = await redeliver(services, repo, delivery, by)
      const linkOf = (slug: string, number: number) =>
        pageLink(context.publicUrl(), { slug, number })
      const head = { delivery: delivery.delivery_id, event: delivery.event }
      const { statusCode, answer } = renderResult(repo, head, result, linkOf)
      return reply.code(statusCode).send(answer)
    },
  )
}
