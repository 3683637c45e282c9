import { SandpiperError } from '../../../../protocol/errors.js'
import type { LoggedDelivery } from '../../../deliveries/types.js'
import type { Repo, ServerServices } from '../../../services.js'
import { repoOf } from '../../lookup.js'

interface DeliveryPath {
  readonly owner: string
  readonly name: string
  readonly id: number
}

/**
 * The delivery of a path.
 * @throws SandpiperError SP_REPO_UNKNOWN, SP_DELIVERY_UNKNOWN
 */
export async function deliveryOf(
  services: ServerServices,
  params: DeliveryPath,
): Promise<{ readonly repo: Repo; readonly delivery: LoggedDelivery }> {
  const { owner, name, id } = params
  const repo = await repoOf(services, params)
  const delivery = await services.deliveries.find(repo, id)
  if (delivery !== null) return { repo, delivery }
  throw new SandpiperError('SP_DELIVERY_UNKNOWN', `${owner}/${name} has no delivery ${id}.`, {
    hint: `'sandpiper repo deliveries ${owner}/${name}' shows those that are kept.`,
  })
}
