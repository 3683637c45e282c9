import type { App, HttpContext } from '../../app-types.js'
import { deliveryOf } from './delivery-of.js'
import { Delivery, DeliveryParams, renderDelivery } from './render.js'

/** `GET /api/repos/:owner/:name/deliveries/:id`: one webhook with its headers and its body. */
export function showDelivery(app: App, { services }: HttpContext): void {
  const schema = {
    ...{ operationId: 'showDelivery', tags: ['deliveries'], params: DeliveryParams },
    summary: 'One webhook with its headers and its body',
    response: { 200: Delivery },
  }
  app.get(
    '/repos/:owner/:name/deliveries/:id',
    { schema, config: { access: 'repo:admin' } },
    async (request, reply) => {
      const { delivery } = await deliveryOf(services, request.params)
      return reply.header('cache-control', 'no-store').send(renderDelivery(delivery))
    },
  )
}
