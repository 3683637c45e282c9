import { recordAudit } from '../audit/record.js'
import type { Clock } from '../clock.js'
import type { Db } from '../store/database.js'
import { inTransaction } from '../store/transaction.js'
import {
  deleteSession,
  deleteSessionByHash,
  deleteSessionsBut,
  insertSession,
  sessionOwner,
  sessionsOf,
} from '../store/user-sessions.js'
import { SESSIONS_MAX, SESSION_IDLE_MS, SESSION_MAX_MS } from './limits.js'
import { hashOf, newSessionValue } from './secret-values.js'
import type { Sessions } from './types.js'

/** Longest name of a browser that is kept. */
const AGENT_CHARS_MAX = 200

interface SessionsOptions {
  readonly db: Db
  readonly clock: Clock
}

/** Sessions of browsers: what is kept of a cookie is its hash. */
export function createSessions(options: SessionsOptions): Sessions {
  const { db, clock } = options
  return {
    start: (userId, browser) => start(options, userId, browser),
    list: (userId) => sessionsOf(db, userId, aliveAt(clock.now())),
    end: (cookie) => end(options, cookie),
    revoke: (userId, id) => deleteSession(db, userId, id),
    revokeAll: (userId) => deleteSessionsBut(db, userId, []),
  }
}

/** The bounds of what is a session at that time. */
export function aliveAt(now: number): {
  readonly expiresAfter: number
  readonly seenAfter: number
} {
  return { expiresAfter: now, seenAfter: now - SESSION_IDLE_MS }
}

async function start(
  { db, clock }: SessionsOptions,
  userId: number,
  { agent, cookie }: Parameters<Sessions['start']>[1],
): Promise<string> {
  const value = newSessionValue()
  const now = clock.now()
  await inTransaction(db, async (tx) => {
    // A cookie that was put into the browser before must not be one of a signed-in person now.
    if (cookie !== undefined) await deleteSessionByHash(tx, hashOf(cookie))
    const kept = (await sessionsOf(tx, userId, aliveAt(now))).slice(0, SESSIONS_MAX - 1)
    await deleteSessionsBut(
      tx,
      userId,
      kept.map(({ id }) => id),
    )
    await insertSession(tx, {
      ...{ user_id: userId, hash: hashOf(value), agent: agent.slice(0, AGENT_CHARS_MAX) },
      ...{ created: now, last_seen: now, expires: now + SESSION_MAX_MS },
    })
  })
  return value
}

async function end({ db, clock }: SessionsOptions, cookie: string): Promise<void> {
  const hash = hashOf(cookie)
  await inTransaction(db, async (tx) => {
    const owner = await sessionOwner(tx, hash)
    if (owner === null) return
    await deleteSessionByHash(tx, hash)
    const actor = { userId: owner.id, login: owner.login, via: 'session' } as const
    const entry = { actor, action: 'user.logout', subject: owner.login, at: clock.now() } as const
    await recordAudit(tx, entry)
  })
}
