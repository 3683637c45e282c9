import { SandpiperError } from '../../protocol/errors.js'
import { outlineOf, recordOf } from '../deliveries/record.js'
import type { ServerServices } from '../services.js'
import { PROBLEMS } from '../http/problems.js'
import { isRepoName } from '../http/schemas/params.js'
import type { HookFormat } from './reading.js'
import type { IncomingHook } from './receive.js'

/**
 * Writes into the log that a delivery was turned away, if its address names a repo that is here. The body is kept when
 * it is from somebody who knows the secret; what strangers send is not.
 */
export async function noteRefusal(
  { repos, deliveries }: Pick<ServerServices, 'repos' | 'deliveries'>,
  { forge }: HookFormat,
  hook: IncomingHook,
  error: unknown,
): Promise<void> {
  const [owner = '', name = '', ...rest] = hook.namedRepo?.split('/') ?? []
  const isNamed = isRepoName(owner) && isRepoName(name) && rest.length === 0
  if (!(error instanceof SandpiperError) || !isNamed) return
  const status = PROBLEMS[error.code]?.status
  const repo = status === undefined ? null : await repos.find(owner, name)
  if (repo === null || status === undefined) return
  const isSigned = error.code === 'SP_HOOK_BODY_INVALID'
  deliveries.refused(repo, {
    ...{ forge, status, reason: error.message },
    deliveryId: headerOf(hook, /-(?:delivery|uuid|request-id)$|^idempotency-key$/),
    event: headerOf(hook, /-event(?:-key)?$/),
    record: isSigned ? await recordOf(hook) : outlineOf(hook),
  })
}

/** What a header with such a name says; nobody has checked it. */
function headerOf({ headers }: IncomingHook, pattern: RegExp): string {
  const found = Object.entries(headers).find(([name]) => pattern.test(name))
  return typeof found?.[1] === 'string' ? found[1] : ''
}
