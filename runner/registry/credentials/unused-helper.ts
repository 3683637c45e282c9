import { RegistryError } from '../errors.js'
import type { DockerConfig } from './docker-config.js'
import type { LoginRequest } from './keychain.js'
import { keysFor } from './keys.js'

/**
 * A refusal, with the reason that people look for in vain: a secret that names a credential helper for the
 * registry. These are programs of the runner, and none is run because a pipeline wants it.
 */
export function explainHelper(error: unknown, request: LoginRequest): unknown {
  if (!(error instanceof RegistryError) || error.code !== 'SP_IMAGE_DENIED') return error
  const unused = unusedHelper(request)
  if (unused === null) return error
  const { source, helper } = unused
  return new RegistryError('SP_IMAGE_DENIED', error.message, {
    hint: `In ${source} there is only the name of the credential helper ${helper}, and helpers are run for the runner's own config.json alone: put the credentials themselves there ({"auths": {"HOST": {"auth": ...}}}).`,
    ...(error.status === null ? {} : { status: error.status }),
    cause: error,
  })
}

function unusedHelper({
  host,
  repository,
  credentials,
}: LoginRequest): { readonly source: string; readonly helper: string } | null {
  const keys = keysFor(host, repository)
  const hasLogin = ({ logins }: DockerConfig): boolean => keys.some((key) => logins.has(key))
  if (credentials.some(hasLogin)) return null
  for (const { source, helpers, store } of credentials) {
    const helper = helpers.get(keys.at(-1) ?? '') ?? store
    if (helper !== null) return { source, helper }
  }
  return null
}
