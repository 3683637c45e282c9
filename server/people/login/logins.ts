import { randomPKCECodeVerifier, randomState } from 'openid-client'
import { recordAudit } from '../../audit/record.js'
import type { Clock } from '../../clock.js'
import { FORGE_KINDS } from '../../forges/types.js'
import type { Forge, ForgeKind, Forges, ForgeUser } from '../../forges/types.js'
import type { SecretBox } from '../../secrets/box.js'
import type { Db } from '../../store/database.js'
import { inTransaction } from '../../store/transaction.js'
import { upsertUser } from '../../store/users.js'
import type { UserRow } from '../../store/users.js'
import { isListed } from '../accounts.js'
import { loginRefused, loginUnknownForge } from '../errors.js'
import { sealTokens } from '../forge-tokens.js'
import { LOGIN_MS } from '../limits.js'
import type { RoleSync } from '../role-sync.js'
import type { PeopleSettings } from '../settings.js'
import type { Logins } from '../types.js'
import type { OAuthClient, OAuthTokens } from './oauth-client.js'
import { safeReturnTo } from './return-to.js'
import { openState, sealState } from './state.js'

export interface LoginsOptions {
  readonly db: Db
  readonly clock: Clock
  readonly secrets: SecretBox
  readonly settings: PeopleSettings
  readonly forges: Forges
  readonly clients: ReadonlyMap<ForgeKind, OAuthClient>
  readonly roleSync: RoleSync
}

/** Signing in with the OAuth2 of the forges that are set up for it. */
export function createLogins(options: LoginsOptions): Logins {
  const { clients, secrets, clock } = options
  return {
    kinds: [...clients.keys()],
    lifetimeMs: LOGIN_MS,
    async begin(kind, { redirectUri, returnTo }) {
      const { client } = clientOf(options, kind)
      const [state, verifier] = [randomState(), randomPKCECodeVerifier()]
      const url = await client.authorizationUrl({ redirectUri, state, verifier })
      const sealed = { kind, state, verifier, redirectUri, returnTo: safeReturnTo(returnTo) }
      return { location: url.href, cookie: sealState(secrets, sealed, clock.now()) }
    },
    async complete(kind, { query, cookie }) {
      const { client, forge } = clientOf(options, kind)
      const { redirectUri, returnTo, ...expected } = openState(secrets, cookie, kind, clock.now())
      const tokens = await client.exchange(
        new URL(`${redirectUri}?${query}`),
        expected,
        clock.now(),
      )
      return { user: await signIn(options, forge, tokens), returnTo }
    },
  }
}

function clientOf({ clients, forges }: LoginsOptions, text: string) {
  const kind = FORGE_KINDS.find((known) => known === text)
  const client = kind && clients.get(kind)
  const forge = kind && forges.get(kind)
  if (client === undefined || forge === undefined) throw loginUnknownForge(text)
  return { client, forge }
}

async function signIn(options: LoginsOptions, forge: Forge, tokens: OAuthTokens): Promise<UserRow> {
  const { roleSync, settings } = options
  const { kind } = forge.settings
  const account = await forge.user(tokens.accessToken)
  const { allow } = settings
  const isNamed = allow === null || isListed(allow.accounts, { forge: kind, login: account.login })
  if (!isNamed) await requireOrganisation(options, forge, account, tokens)
  const user = await remember(options, kind, account, tokens)
  if (user.active === 0) throw loginRefused(account.login)
  await roleSync.soon(user.id)
  return user
}

/** Who is not named comes in by a repo of an organisation that is; of others nothing is kept. */
async function requireOrganisation(
  { roleSync }: LoginsOptions,
  forge: Forge,
  account: ForgeUser,
  tokens: OAuthTokens,
): Promise<void> {
  const memberships = await roleSync.ask(forge, tokens.accessToken)
  const isAllowed = roleSync.isAllowed(forge.settings.kind, account.login, memberships)
  if (!isAllowed) throw loginRefused(account.login)
}

async function remember(
  { db, clock, secrets }: LoginsOptions,
  kind: ForgeKind,
  account: ForgeUser,
  tokens: OAuthTokens,
): Promise<UserRow> {
  const now = clock.now()
  const { remoteId, login, name, email, avatar } = account
  const change = {
    ...{ login, name, email, avatar, allowed: 1, last_login: now, updated: now },
    ...sealTokens(secrets, { forge: kind, remote_id: remoteId }, tokens),
    token_claimed_until: 0,
  }
  const user = {
    ...{ forge: kind, remote_id: remoteId, admin: 0, active: 1, machine: 0 },
    ...{ synced: 0, sync_tried: 0, created: now, ...change },
  }
  return inTransaction(db, async (tx) => {
    const row = await upsertUser(tx, user, change)
    const actor = { userId: row.id, login, via: 'session' } as const
    const subject = `${kind}:${login}`
    if (row.active === 1) await recordAudit(tx, { actor, action: 'user.login', subject, at: now })
    return row
  })
}
