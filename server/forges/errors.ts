import { RemoteError, type RemoteErrorOptions } from '../../protocol/remote-error.js'

/** A failure at a forge. */
export class ForgeError extends RemoteError {}

/** No answer, or none that is whole: the forge is down, slow, or not at that address. */
export function forgeUnreachable(where: string, why: string, cause?: unknown): ForgeError {
  return new ForgeError('SP_FORGE_UNREACHABLE', `${where}: ${why}`, {
    hint: 'Check the address of the forge in the settings, and that it is up.',
    again: true,
    ...(cause === undefined ? {} : { cause }),
  })
}

/** The forge does not let us in. */
export function forgeUnauthorized(where: string, said: string): ForgeError {
  const message = `${where} does not take the token${said}`
  return new ForgeError('SP_FORGE_UNAUTHORIZED', message, {
    hint: 'The token is wrong, was revoked or has expired: make a new one, or sign in again.',
    status: 401,
  })
}

/** The forge asks for fewer requests. */
export function forgeRateLimited(
  where: string,
  { status, afterMs }: { readonly status: number; readonly afterMs: number | null },
): ForgeError {
  return new ForgeError('SP_FORGE_RATE_LIMITED', `${where} asks for fewer requests`, {
    hint: 'It is asked again after the time that it names.',
    again: true,
    afterMs,
    status,
  })
}

/** The forge refuses, or answers what it should not. */
export function forgeFailed(
  where: string,
  why: string,
  options: Omit<RemoteErrorOptions, 'hint'> = {},
): ForgeError {
  const hint =
    'If it stays, check the rights of the token, and the address of the forge in the settings.'
  return new ForgeError('SP_FORGE_FAILED', `${where}: ${why}`, { hint, ...options })
}
