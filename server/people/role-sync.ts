import { setTimeout as delay } from 'node:timers/promises'
import type { Insertable } from 'kysely'
import type { Logger } from 'pino'
import { messageOf } from '../../protocol/errors.js'
import type { Clock } from '../clock.js'
import { hasCode } from '../error-code.js'
import type { Forge, ForgeKind, ForgeRepo, Forges } from '../forges/types.js'
import type { Db } from '../store/database.js'
import { replaceMemberships } from '../store/memberships.js'
import type { MembershipTable } from '../store/schema/people.js'
import { inTransaction } from '../store/transaction.js'
import { deleteSessionsBut } from '../store/user-sessions.js'
import { claimSync, findUser, updateUser } from '../store/users.js'
import type { UserRow } from '../store/users.js'
import { isListed } from './accounts.js'
import { noForge } from './errors.js'
import {
  MEMBERSHIPS_MAX,
  ROLES_FRESH_MS,
  ROLES_KEPT_MS,
  SYNC_RETRY_MS,
  SYNC_WAIT_MS,
} from './limits.js'
import { includes } from './rules.js'
import type { PeopleSettings } from './settings.js'
import type { ForgeTokens } from './types.js'

export interface RoleSyncOptions {
  readonly db: Db
  readonly clock: Clock
  readonly logger: Logger
  readonly settings: PeopleSettings
  readonly forges: Forges
  readonly forgeTokens: ForgeTokens
}

/** What a forge says about one of its accounts in one of its repos. */
export type HeardRole = Pick<ForgeRepo, 'remoteId' | 'slug' | 'role'>

/** Brings what the forges say about people into the database. */
export class RoleSync {
  readonly #options: RoleSyncOptions
  readonly #running = new Map<number, Promise<void>>()

  constructor(options: RoleSyncOptions) {
    this.#options = options
  }

  /**
   * Asks now; whoever asks for the same user meanwhile gets the same answer.
   * @throws SandpiperError SP_PEOPLE_NO_FORGE, SP_FORGE_*
   */
  sync(userId: number): Promise<void> {
    const running = this.#running.get(userId)
    if (running !== undefined) return running
    const started = this.#sync(userId).finally(() => this.#running.delete(userId))
    this.#running.set(userId, started)
    return started
  }

  /** Asks now and waits a while; what comes later comes, and a failure is for the log. */
  async soon(userId: number): Promise<void> {
    const asked = this.sync(userId).catch((error: unknown) => this.#log(userId, error))
    const giveUp = new AbortController()
    const late = delay(SYNC_WAIT_MS, undefined, { signal: giveUp.signal, ref: false })
    await Promise.race([asked, late.catch(() => undefined)])
    giveUp.abort()
  }

  /**
   * Asks when what is known of a user is old. Only who would stand there without any role waits for it. One server of all
   * asks, and not too often where it fails.
   */
  async freshen(user: UserRow): Promise<void> {
    const { clock, db, forges } = this.#options
    const now = clock.now()
    const age = now - user.synced
    if (age < ROLES_FRESH_MS || !forges.has(user.forge as ForgeKind)) return
    const running = this.#running.has(user.id)
    const isTurn = user.sync_tried <= now - SYNC_RETRY_MS
    if (!running && !(isTurn && (await claimSync(db, user.id, now - SYNC_RETRY_MS, now)))) return
    const asked = this.soon(user.id)
    if (age >= ROLES_KEPT_MS) await asked
  }

  /** Resolves when nobody is asked any more. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#running.values()])
  }

  /** All that a forge says about the token's owner. */
  async ask(forge: Forge, token: string): Promise<readonly HeardRole[]> {
    const heard = new Map<string, HeardRole>()
    for await (const { remoteId, slug, role } of forge.repos(token)) {
      heard.set(remoteId, { remoteId, slug, role })
      if (heard.size >= MEMBERSHIPS_MAX) break
    }
    return [...heard.values()]
  }

  /** Whether the operator lets an account in of which the forge says this. */
  isAllowed(forge: string, login: string, heard: readonly HeardRole[]): boolean {
    const { allow } = this.#options.settings
    if (allow === null || isListed(allow.accounts, { forge, login })) return true
    const owners = heard
      .filter(({ role }) => includes(role, 'write'))
      .map(({ slug }) => ownerOf(slug))
    return owners.some((owner) => isListed(allow.organisations, { forge, login: owner }))
  }

  async #sync(userId: number): Promise<void> {
    const { db, clock, forges, forgeTokens } = this.#options
    const user = await findUser(db, userId)
    const forge = forges.get(user?.forge as ForgeKind)
    if (user === null || forge === undefined) throw noForge(user?.login ?? '')
    try {
      const token = await forgeTokens.of(userId)
      if (token === null) throw noForge(user.login)
      const now = clock.now()
      await this.#write(user, await this.ask(forge, token), now)
    } catch (error) {
      const isOut = hasCode(error, 'SP_FORGE_UNAUTHORIZED') || hasCode(error, 'SP_PEOPLE_NO_FORGE')
      if (isOut) await this.#shutOut(userId)
      throw error
    }
  }

  async #write(user: UserRow, heard: readonly HeardRole[], now: number): Promise<void> {
    const { db } = this.#options
    const isAllowed = this.isAllowed(user.forge, user.login, heard)
    const rows = heard.map((one) => membershipOf(user, one))
    await inTransaction(db, async (tx) => {
      await replaceMemberships(tx, user.id, rows)
      await updateUser(tx, user.id, { synced: now, sync_tried: now, allowed: isAllowed ? 1 : 0 })
      if (!isAllowed) await deleteSessionsBut(tx, user.id, [])
    })
  }

  /** The forge knows the account no more, or we are no longer let in for it: it has no role, and signs in anew. */
  async #shutOut(userId: number): Promise<void> {
    await inTransaction(this.#options.db, async (tx) => {
      await replaceMemberships(tx, userId, [])
      await deleteSessionsBut(tx, userId, [])
    })
  }

  #log(userId: number, error: unknown): void {
    this.#options.logger.warn({ userId, reason: messageOf(error) }, 'could not ask for roles')
  }
}

function membershipOf(
  user: UserRow,
  { remoteId, slug, role }: HeardRole,
): Insertable<MembershipTable> {
  const { id, forge } = user
  return { user_id: id, forge, remote_id: remoteId, slug: slug.toLowerCase(), role }
}

function ownerOf(slug: string): string {
  return slug.slice(0, slug.lastIndexOf('/'))
}
