import { recordAudit } from '../audit/record.js'
import type { Clock } from '../clock.js'
import type { Db } from '../store/database.js'
import { inTransaction } from '../store/transaction.js'
import {
  countTokens,
  deleteToken,
  deleteTokenByName,
  insertToken,
  tokensOf,
} from '../store/user-tokens.js'
import { tokenExists, tokenLimit } from './errors.js'
import { TOKENS_MAX } from './limits.js'
import { hashOf, newToken } from './secret-values.js'
import type { Actor, NewToken, Tokens, UserToken } from './types.js'

/** Personal access tokens: what is kept of one is its hash. */
export function createTokens({ db, clock }: { readonly db: Db; readonly clock: Clock }): Tokens {
  return {
    list: (userId) => tokensOf(db, userId),
    create: (owner, token) => inTransaction(db, (tx) => create(tx, owner, token, clock.now())),
    rotate: (owner, token) =>
      inTransaction(db, async (tx) => {
        await deleteTokenByName(tx, owner.userId, token.name)
        return create(tx, owner, token, clock.now())
      }),
    revoke: (owner, id) =>
      inTransaction(db, async (tx) => {
        const isGone = await deleteToken(tx, owner.userId, id)
        const entry = {
          actor: owner,
          action: 'token.delete',
          subject: `${owner.login} ${id}`,
        } as const
        if (isGone) await recordAudit(tx, { ...entry, at: clock.now() })
        return isGone
      }),
  }
}

async function create(
  tx: Db,
  owner: Actor,
  token: NewToken,
  now: number,
): ReturnType<typeof issueToken> {
  const issued = await issueToken(tx, owner.userId, token, now)
  const { name, scope, expires } = token
  await recordAudit(tx, {
    ...{ actor: owner, action: 'token.create', subject: `${owner.login} ${issued.token.id}` },
    ...{ detail: { name, scope, expires }, at: now },
  })
  return issued
}

/**
 * Makes a token; what it is can't be found out later.
 * @throws SandpiperError SP_TOKEN_EXISTS, SP_TOKEN_LIMIT
 */
export async function issueToken(
  tx: Db,
  userId: number,
  { name, scope, expires }: NewToken,
  now: number,
): Promise<{ readonly token: UserToken; readonly secret: string }> {
  if ((await countTokens(tx, userId)) >= TOKENS_MAX) throw tokenLimit(TOKENS_MAX)
  const secret = newToken()
  const token = await insertToken(tx, {
    ...{ user_id: userId, name, hash: hashOf(secret), scope, expires, last_used: 0, created: now },
  })
  if (token === null) throw tokenExists(name)
  return { token, secret }
}
