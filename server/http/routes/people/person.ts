import type { FastifyRequest } from 'fastify'
import { SandpiperError } from '../../../../protocol/errors.js'
import { userInvalid, userUnknown } from '../../../people/errors.js'
import type { Principal } from '../../../people/principal.js'
import type { PeopleService, User } from '../../../people/types.js'

/**
 * Who is signed in; the guard has let nobody else in.
 * @throws SandpiperError SP_HTTP_UNAUTHORIZED when the guard is not before the route
 */
export function principalOf({ principal }: Pick<FastifyRequest, 'principal'>): Principal {
  if (principal !== null) return principal
  throw new SandpiperError('SP_HTTP_UNAUTHORIZED', 'Nobody is signed in.')
}

/**
 * Who is signed in as a user; the token of the installation is nobody's.
 * @throws SandpiperError SP_USER_INVALID
 */
export function personOf(request: Pick<FastifyRequest, 'principal'>): Principal {
  const principal = principalOf(request)
  if (principal.userId !== 0) return principal
  throw userInvalid('The token of the installation is nobody: it has no tokens and no sessions.')
}

/**
 * The user of a login in a path.
 * @throws SandpiperError SP_USER_UNKNOWN, SP_USER_AMBIGUOUS
 */
export async function userOf(people: Pick<PeopleService, 'users'>, login: string): Promise<User> {
  const user = await people.users.findByLogin(login)
  if (user === null) throw userUnknown(login)
  return user
}
