import type { Forge, ForgeKind, Forges } from './types.js'
import type { PeopleService } from '../people/types.js'
import type { SecretBox } from '../secrets/box.js'
import { forgeTokenContext } from '../secrets/sealed-columns.js'
import type { Db } from '../store/database.js'
import type { RepoRow } from '../store/repos.js'
import { sealedRepoToken } from '../store/repos.js'
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
  { owner, name, userId, sealedToken }: Omit<StatusClaim['repo'], 'remoteId'>,
  { secrets, tokenOf }: { readonly secrets: SecretBox; readonly tokenOf: TokenOf },
): Promise<string | null> {
  if (sealedToken !== null) return secrets.open(sealedToken, forgeTokenContext({ owner, name }))
  const personal = userId === 0 ? null : await tokenOf(userId, forge.settings.kind)
  return personal ?? forge.settings.token ?? null
}

/** What is needed to speak to the forges of repos. */
export interface RepoTokenOptions {
  readonly db: Db
  readonly forges: Forges
  readonly secrets: SecretBox
  readonly tokenOf: TokenOf
}

/**
 * A repo's forge, and the token to speak to it with; null where either is missing. `userId`: whose token is used when
 * the repo has none of its own; default: of who added it.
 * @throws SandpiperError SP_SECRET_UNREADABLE
 */
export async function repoToken(
  options: RepoTokenOptions,
  repo: Pick<RepoRow, 'id' | 'owner' | 'name' | 'forge' | 'user_id'>,
  userId = repo.user_id,
): Promise<{ readonly forge: Forge; readonly token: string } | null> {
  const forge = options.forges.get(repo.forge as ForgeKind)
  if (forge === undefined) return null
  const sealedToken = await sealedRepoToken(options.db, repo.id)
  const { owner, name } = repo
  const token = await tokenFor(forge, { owner, name, userId, sealedToken }, options)
  return token === null ? null : { forge, token }
}
