import type { Logger } from 'pino'
import type { Clock } from '../clock.js'
import type { ForgeKind, Forges } from '../forges/types.js'
import type { SecretBox } from '../secrets/box.js'
import type { Db } from '../store/database.js'
import { createForgeTokens } from './forge-tokens.js'
import { createIdentification } from './identification.js'
import { createLogins } from './login/logins.js'
import type { OAuthClient } from './login/oauth-client.js'
import { createOAuthClient } from './login/oauth-client.js'
import { RoleSync } from './role-sync.js'
import { createRoles } from './roles.js'
import { createSessions } from './sessions.js'
import type { PeopleSettings } from './settings.js'
import { createTokens } from './tokens.js'
import type { PeopleService } from './types.js'
import { createUsers } from './users.js'

export interface PeopleOptions {
  readonly db: Db
  readonly clock: Clock
  readonly secrets: SecretBox
  readonly forges: Forges
  readonly settings: PeopleSettings
  readonly logger: Logger
}

/** Everything about people; `settled` resolves when no forge is asked any more. */
export function createPeople(options: PeopleOptions): PeopleService & { settled(): Promise<void> } {
  const { db, clock, secrets, forges, settings, logger } = options
  const clients = oauthClients(forges)
  const forgeTokens = createForgeTokens({ db, clock, secrets, clients })
  const roleSync = new RoleSync({ db, clock, logger, settings, forges, forgeTokens })
  const freshen = roleSync.freshen.bind(roleSync)
  return {
    identify: createIdentification({ db, clock, settings, logger, freshen }),
    roles: createRoles({ db, clock, sync: (userId) => roleSync.sync(userId) }),
    users: createUsers({ db, clock, settings }),
    tokens: createTokens({ db, clock }),
    sessions: createSessions({ db, clock }),
    logins: createLogins({ db, clock, secrets, settings, forges, clients, roleSync }),
    forgeTokens,
    settled: () => roleSync.settled(),
  }
}

function oauthClients(forges: Forges): ReadonlyMap<ForgeKind, OAuthClient> {
  const made = [...forges].flatMap(([kind, forge]) => {
    const client = createOAuthClient(forge.settings)
    return client === null ? [] : [[kind, client] as const]
  })
  return new Map(made)
}
