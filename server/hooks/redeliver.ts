import { randomUUID } from 'node:crypto'
import { SandpiperError } from '../../protocol/errors.js'
import { outlineOf } from '../deliveries/record.js'
import type { DeliveryResult, LoggedDelivery } from '../deliveries/types.js'
import type { Repo, ServerServices } from '../services.js'
import { FORMATS } from './formats.js'
import { acceptReading } from './receive.js'

/**
 * Reads a logged delivery once more and makes what it would make now, as a delivery of its own. It may be one that was
 * refused for its body, one that made no build for the settings that the repo had then, or one whose builds failed.
 * @throws SandpiperError SP_DELIVERY_NO_BODY, SP_HOOK_BODY_INVALID
 */
export async function redeliver(
  services: Pick<ServerServices, 'builds'>,
  repo: Repo,
  original: LoggedDelivery,
  by: { readonly login: string; readonly now: number },
): Promise<DeliveryResult> {
  const { body, headers, forge } = original
  const format = FORMATS.find((one) => one.forge === forge)
  if (body === null || format === undefined) throw noBody(original)
  const reading = format.read(headers, body)
  const id = `redelivery-${randomUUID()}`
  return acceptReading(services, repo, reading, {
    forge,
    deliveryId: id,
    // Of its own, or it would be told from the original by nothing.
    bodySha256: id,
    event: reading.eventName,
    record: {
      ...outlineOf({ arrived: by.now, headers, body }),
      redelivery: { original: original.id, requestedBy: by.login },
    },
  })
}

function noBody({ id, outcome }: LoggedDelivery): SandpiperError {
  const why = outcome === 'duplicate' ? 'a duplicate, whose first delivery has it' : 'not kept'
  return new SandpiperError('SP_DELIVERY_NO_BODY', `The body of delivery ${id} is ${why}.`, {
    hint: 'Redeliver the first one, or let the forge send it again.',
  })
}
