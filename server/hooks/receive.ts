import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { DeliveryResult } from '../deliveries/types.js'
import type { Repo, ServerServices } from '../services.js'
import { authenticate, repoOfDelivery } from './authenticate.js'
import type { HookFormat, HookReading } from './reading.js'

/** A delivery as it arrived. */
export interface IncomingHook {
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly signature: Buffer
  readonly namedRepo: string | undefined
}

/** What became of it. `repo` is null for a signed delivery that is about no repo. */
export interface ReceivedHook {
  readonly repo: Repo | null
  readonly reading: HookReading
  readonly result: DeliveryResult
}

/**
 * Takes a delivery in: checks the signature over the raw body, and only then reads the body, and only
 * then writes delivery and build down. When this returns, both are in the database.
 * @throws SandpiperError SP_HOOK_BAD_SIGNATURE, SP_HOOK_REPO_UNKNOWN, SP_HOOK_REPO_UNNAMED,
 *   SP_HOOK_BODY_INVALID
 */
export async function receiveHook(
  services: Pick<ServerServices, 'repos' | 'builds'>,
  format: HookFormat,
  hook: IncomingHook,
): Promise<ReceivedHook> {
  const signers = await authenticate(services.repos, hook)
  const reading = format.read(hook.headers, hook.body)
  const { slug, events, reason } = reading
  const repo = await repoOfDelivery(services.repos, signers, slug)
  if (repo === null) {
    return { repo, reading, result: { duplicate: false, build: null, builds: [], reason } }
  }
  const delivery = {
    forge: format.forge,
    deliveryId: reading.deliveryId,
    bodySha256: createHash('sha256').update(hook.body).digest('hex'),
    event: reading.eventName,
  }
  return { repo, reading, result: await services.builds.accept(repo, delivery, events, reason) }
}
