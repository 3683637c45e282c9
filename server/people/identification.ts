import type { Logger } from 'pino'
import { messageOf } from '../../protocol/errors.js'
import type { Clock } from '../clock.js'
import type { Db } from '../store/database.js'
import { sessionOwner, touchSession } from '../store/user-sessions.js'
import type { SessionOwner } from '../store/user-sessions.js'
import { tokenOwner, touchToken } from '../store/user-tokens.js'
import { SESSION_IDLE_MS, USE_NOTED_MS } from './limits.js'
import type { Principal, Role } from './principal.js'
import { roleOf } from './rules.js'
import { TOKEN_PREFIX, hashOf } from './secret-values.js'
import type { PeopleSettings } from './settings.js'
import type { Identification, Identified } from './types.js'
import { isAdmin } from './users.js'

export interface IdentificationOptions {
  readonly db: Db
  readonly clock: Clock
  readonly settings: PeopleSettings
  readonly logger: Logger
  /** Sees to it that what the forge says about a user who has turned up is not too old. */
  readonly freshen: (user: SessionOwner) => Promise<void>
}

/** Knows people by their tokens and sessions. */
export function createIdentification(options: IdentificationOptions): Identification {
  return {
    byToken: (token) => byToken(options, token),
    bySession: (cookie) => bySession(options, cookie),
  }
}

async function byToken(options: IdentificationOptions, token: string): Promise<Identified> {
  const { db, clock } = options
  if (!token.startsWith(TOKEN_PREFIX)) return { refused: 'unknown' }
  const owner = await tokenOwner(db, hashOf(token))
  const scope = roleOf(owner?.scope)
  if (owner === null || scope === null) return { refused: 'unknown' }
  if (owner.proof_expires !== 0 && owner.proof_expires <= clock.now()) return { refused: 'expired' }
  if (!isLetIn(owner)) return { refused: 'inactive' }
  await note(options, owner, (now) => touchToken(db, owner.proof_id, now))
  await options.freshen(owner)
  return { principal: principalOf(options, owner, 'token', scope) }
}

async function bySession(
  options: IdentificationOptions,
  cookie: string,
): Promise<Principal | null> {
  const { db, clock } = options
  const owner = await sessionOwner(db, hashOf(cookie))
  const now = clock.now()
  if (owner === null || owner.proof_expires <= now) return null
  if (owner.proof_used <= now - SESSION_IDLE_MS || !isLetIn(owner)) return null
  await note(options, owner, (at) => touchSession(db, owner.proof_id, at))
  await options.freshen(owner)
  return principalOf(options, owner, 'session', null)
}

function isLetIn(user: SessionOwner): boolean {
  return user.active === 1 && user.allowed === 1
}

/** Notes a use, unless one was noted just now. That it can't be noted must not keep anybody out. */
async function note(
  { clock, logger }: IdentificationOptions,
  owner: SessionOwner,
  write: (now: number) => Promise<void>,
): Promise<void> {
  const now = clock.now()
  if (now - owner.proof_used < USE_NOTED_MS) return
  await write(now).catch((error: unknown) =>
    logger.warn({ userId: owner.id, reason: messageOf(error) }, 'could not note a use'),
  )
}

function principalOf(
  { settings }: IdentificationOptions,
  owner: SessionOwner,
  via: 'token' | 'session',
  scope: Role | null,
): Principal {
  return {
    userId: owner.id,
    login: owner.login,
    admin: isAdmin(settings, owner),
    ...{ via, scope, proofId: owner.proof_id, expires: owner.proof_expires },
  }
}
