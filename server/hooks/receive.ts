import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { recordOf } from '../deliveries/record.js'
import type { DeliveryRecord, DeliveryResult, NewDelivery } from '../deliveries/types.js'
import type { Repo, ServerServices } from '../services.js'
import { authenticate, repoOfDelivery } from './authenticate.js'
import { reposNamedIn } from './named-repos.js'
import { obeySettings } from './obey-settings.js'
import type { HookFormat, HookReading } from './reading.js'

/** A delivery as it arrived. */
export interface IncomingHook {
  /** When: Unix time in milliseconds. */
  readonly arrived: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** What the sender gives to prove that it knows the secret. */
  readonly claim: Buffer
  readonly namedRepo: string | undefined
}

/** What became of it. */
export interface ReceivedHook {
  readonly repo: Repo
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
  const { scheme, repoField } = format
  const names = () => reposNamedIn(hook.headers, hook.body, repoField)
  const signers = await authenticate(services.repos, { ...hook, scheme, names })
  const reading = format.read(hook.headers, hook.body)
  const repo = await repoOfDelivery(services.repos, signers, reading.slug)
  const record = await recordOf(hook)
  const delivery = deliveryOf(format, reading, hook.body, record)
  return { repo, reading, result: await acceptReading(services, repo, reading, delivery) }
}

/** Writes a delivery that was read, and what the repo's settings let it make. */
export function acceptReading(
  { builds }: Pick<ServerServices, 'builds'>,
  repo: Repo,
  reading: HookReading,
  delivery: NewDelivery,
): Promise<DeliveryResult> {
  const { events, reason } = obeySettings(repo, reading)
  return builds.accept(repo, delivery, events, reason)
}

function deliveryOf(
  { forge, trustsIds = false }: HookFormat,
  { deliveryId, eventName, eventKey }: HookReading,
  body: Buffer,
  record: DeliveryRecord,
): NewDelivery {
  const hash = createHash('sha256')
  if (trustsIds) hash.update(`${deliveryId}\0`)
  return {
    forge,
    deliveryId,
    bodySha256: hash.update(body).digest('hex'),
    event: eventName,
    record,
    ...(eventKey === undefined ? {} : { eventKey }),
  }
}
