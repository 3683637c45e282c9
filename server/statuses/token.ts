import type { Forge, ForgeKind } from '../forges/types.js'
import type { PeopleService } from '../people/types.js'
import type { SecretBox } from '../secrets/box.js'
import { forgeTokenContext } from '../secrets/sealed-columns.js'
import type { StatusClaim } from '../store/statuses.js'

/**
 * Token of a person at a forge of that kind, renewed when it is due; null when there is none, or the person's account
 * is at another forge: a token must not reach one that it is not of.
 */
export type TokenOf = (userId: number, kind: ForgeKind) => Promise<string | null>

/** Tokens of the people who have signed in here. */
export function personalTokens({ users, forgeTokens }: PeopleTokens): TokenOf {
  return async (userId, kind) => {
    const user = await users.find(userId)
    return user?.forge === kind && user.active === 1 ? forgeTokens.of(userId) : null
  }
}

type PeopleTokens = {
  readonly users: Pick<PeopleService['users'], 'find'>
  readonly forgeTokens: PeopleService['forgeTokens']
}

/**
 * The token to speak to a repo's forge with: the repo's own, else that of who added it, else the installation's.
 * Null when there is none.
 * @throws SandpiperError SP_SECRET_UNREADABLE
 */
export async function tokenFor(
  forge: Forge,
  { owner, name, userId, sealedToken }: StatusClaim['repo'],
  { secrets, tokenOf }: { readonly secrets: SecretBox; readonly tokenOf: TokenOf },
): Promise<string | null> {
  if (sealedToken !== null) return secrets.open(sealedToken, forgeTokenContext({ owner, name }))
  const personal = userId === 0 ? null : await tokenOf(userId, forge.settings.kind)
  return personal ?? forge.settings.token ?? null
}
