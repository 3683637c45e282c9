import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../clock.js'
import { forgeUnreachable } from '../forges/errors.js'
import type { ForgeKind } from '../forges/types.js'
import type { SecretBox } from '../secrets/box.js'
import type { Db } from '../store/database.js'
import { claimRenewal, forgeTokensOf, updateUser } from '../store/users.js'
import type { ForgeTokenRow } from '../store/users.js'
import { RENEWAL_MS, TOKEN_SPARE_MS } from './limits.js'
import type { OAuthClient, OAuthTokens } from './login/oauth-client.js'
import type { ForgeTokens } from './types.js'

export interface ForgeTokensOptions {
  readonly db: Db
  readonly clock: Clock
  readonly secrets: SecretBox
  readonly clients: ReadonlyMap<ForgeKind, OAuthClient>
}

/** Between two looks whether another one has renewed the tokens, in milliseconds. */
const LOOK_MS = 100

/**
 * Tokens for the forges' APIs. Some forges' refresh tokens are good for one use, and using one twice ends them all: so one
 * caller of all servers renews, and the others wait for what it gets.
 */
export function createForgeTokens(options: ForgeTokensOptions): ForgeTokens {
  return { of: (userId) => tokenOf(options, userId) }
}

/** Columns of a user that hold tokens, sealed for this account alone. */
export function sealTokens(
  secrets: SecretBox,
  account: { readonly forge: string; readonly remote_id: string },
  { accessToken, refreshToken, expires }: OAuthTokens,
) {
  const seal = (text: string, what: string) => secrets.seal(text, tokenContext(what, account))
  return {
    access_token: seal(accessToken, 'access'),
    refresh_token: refreshToken === null ? null : seal(refreshToken, 'refresh'),
    token_expires: expires,
  }
}

/** Bound to its account: a sealed token that is copied to another row opens nowhere. */
function tokenContext(
  what: string,
  { forge, remote_id: remoteId }: { readonly forge: string; readonly remote_id: string },
): string {
  return `${what} token of ${forge} user ${remoteId}`
}

async function tokenOf(options: ForgeTokensOptions, userId: number): Promise<string | null> {
  const { db, clock } = options
  const deadline = Date.now() + RENEWAL_MS
  for (;;) {
    const row = await forgeTokensOf(db, userId)
    if (row === null || row.access_token === null) return null
    const now = clock.now()
    const isGood = row.token_expires === 0 || row.token_expires > now + TOKEN_SPARE_MS
    if (isGood) return opened(options, row, 'access')
    if (row.refresh_token === null)
      return row.token_expires > now ? opened(options, row, 'access') : null
    if (await claimRenewal(db, userId, now, now + RENEWAL_MS)) return renewed(options, userId)
    if (Date.now() > deadline) throw forgeUnreachable(row.forge, 'a token could not be renewed')
    await delay(LOOK_MS)
  }
}

function opened(
  { secrets }: ForgeTokensOptions,
  row: ForgeTokenRow,
  what: 'access' | 'refresh',
): string | null {
  const sealed = what === 'access' ? row.access_token : row.refresh_token
  return sealed === null ? null : secrets.open(sealed, tokenContext(what, row))
}

/** Renews the tokens as the one who may; what another one has renewed in between is not renewed again. */
async function renewed(options: ForgeTokensOptions, userId: number): Promise<string | null> {
  const { db, clock, secrets, clients } = options
  const free = { token_claimed_until: 0 }
  try {
    const row = await forgeTokensOf(db, userId)
    if (row === null) return null
    const isRenewed = row.token_expires > clock.now() + TOKEN_SPARE_MS
    const refresh = isRenewed ? null : opened(options, row, 'refresh')
    const client = clients.get(row.forge as ForgeKind)
    if (refresh === null || client === undefined) {
      await updateUser(db, userId, free)
      return isRenewed ? opened(options, row, 'access') : null
    }
    const tokens = await client.renew(refresh, clock.now())
    await updateUser(db, userId, { ...sealTokens(secrets, row, tokens), ...free })
    return tokens.accessToken
  } catch (error) {
    await updateUser(db, userId, free)
    throw error
  }
}
