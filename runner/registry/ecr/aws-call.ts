import { SandpiperError } from '../../../protocol/errors.js'
import type { Client } from '../http/client.js'
import { withRetries } from '../http/retry.js'
import { ERROR_BYTES_MAX, TOKEN_BYTES_MAX } from '../limits.js'
import { awsError } from './aws-error.js'
import { serviceUrl } from './hosts.js'
import { signedHeaders, type AwsKeys } from './signature.js'
import type { AwsOptions } from './types.js'

/** One call of Amazon's API. */
export interface AwsCall {
  readonly service: 'ecr' | 'sts'
  readonly region: string
  /** As policies have it: `ecr:CreateRepository`. */
  readonly action: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** How Amazon is reached. */
export interface AwsWays {
  readonly client: Client
  /** Base URL of a stand-in. */
  readonly elsewhere: string | undefined
}

/** @returns the body of the answer @throws RegistryError; SandpiperError SP_REGISTRY_SETTING */
export function awsCall(
  { client, elsewhere }: AwsWays,
  keys: AwsKeys,
  call: AwsCall,
  options: AwsOptions,
): Promise<string> {
  const { service, region, body } = call
  const url = serviceUrl(service, region, elsewhere)
  const where = `Amazon's ${service.toUpperCase()} in ${region}`
  checkKeys(keys, where)
  return withRetries(client.patience(client.endpoints.of(url.host), options), async () => {
    const unsigned = { method: 'POST', url, headers: call.headers, body } as const
    const now = new Date(client.timing.now())
    const headers = signedHeaders(unsigned, { keys, region, service, now })
    const answer = await client.ask(where, {
      ...{ method: 'POST', url, headers, body: Buffer.from(body), signal: options.signal },
      withinMs: client.timeouts.smallMs,
    })
    if (answer.status === 200) return (await answer.read(TOKEN_BYTES_MAX, 'its answer')).toString()
    const { status } = answer
    const text = (await answer.read(ERROR_BYTES_MAX, 'its answer')).toString()
    throw awsError({ status, text, keys, action: call.action, where })
  })
}

/** Whatever else they are, they go into headers. */
function checkKeys({ accessKey, secretKey, sessionToken }: AwsKeys, where: string): void {
  const isKey = /^[\x21-\x7e]+$/
  const wrong = !isKey.test(accessKey)
    ? 'access key'
    : !isKey.test(secretKey)
      ? 'secret key'
      : sessionToken !== '' && !isKey.test(sessionToken) && 'session token'
  if (wrong === false) return
  throw new SandpiperError('SP_REGISTRY_CREDENTIALS', `can't ask ${where}: there is no ${wrong}`, {
    hint: 'Set access_key and secret_key, both from secrets: the keys of a user, or of a role with their session_token.',
  })
}
