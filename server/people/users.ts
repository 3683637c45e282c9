import { recordAudit } from '../audit/record.js'
import type { Clock } from '../clock.js'
import type { Db } from '../store/database.js'
import { inTransaction } from '../store/transaction.js'
import { deleteSessionsBut } from '../store/user-sessions.js'
import {
  deleteUser,
  findUser,
  insertUser,
  listUsers,
  updateUser,
  usersByLogin,
} from '../store/users.js'
import { isListed } from './accounts.js'
import { userAmbiguous, userExists } from './errors.js'
import type { PeopleSettings } from './settings.js'
import { issueToken } from './tokens.js'
import type { Actor, User, Users } from './types.js'

export interface UsersOptions {
  readonly db: Db
  readonly clock: Clock
  readonly settings: PeopleSettings
}

/** Name of the token that a machine starts with, and that Drone's `POST /api/user/token` makes anew. */
export const FIRST_TOKEN = 'default'

/** Users in the database. */
export function createUsers(options: UsersOptions): Users {
  const { db, settings } = options
  return {
    find: (id) => findUser(db, id),
    findByLogin: (login) => findByLogin(db, login),
    list: (page) => listUsers(db, page),
    addMachine: (actor, machine) => addMachine(options, actor, machine),
    update: (actor, id, change) => changeUser(options, actor, id, change),
    remove: (actor, id) => removeUser(options, actor, id),
    isAdmin: (user) => isAdmin(settings, user),
  }
}

/** Whether the operator's settings, or an administrator, make a user one. */
export function isAdmin(
  { admins }: PeopleSettings,
  user: Pick<User, 'admin' | 'forge' | 'login'>,
): boolean {
  return user.admin === 1 || isListed(admins, user)
}

async function findByLogin(db: Db, text: string): Promise<User | null> {
  const [first = '', ...rest] = text.split(':')
  const [forge, login] = rest.length === 0 ? [null, first] : [first, rest.join(':')]
  const [user, other] = await usersByLogin(db, login, forge)
  if (other !== undefined) throw userAmbiguous(login)
  return user ?? null
}

async function addMachine(
  { db, clock }: UsersOptions,
  actor: Actor,
  machine: Parameters<Users['addMachine']>[1],
): ReturnType<Users['addMachine']> {
  const { login, admin, email = '', avatar = '' } = machine
  const now = clock.now()
  return inTransaction(db, async (tx) => {
    const [taken] = await usersByLogin(tx, login, null)
    const user = taken
      ? null
      : await insertUser(tx, {
          ...{ forge: '', remote_id: login, login, name: '', email, avatar },
          ...{ admin: admin ? 1 : 0, active: 1, allowed: 1, machine: 1 },
          ...{ access_token: null, refresh_token: null, token_expires: 0, token_claimed_until: 0 },
          ...{ synced: 0, sync_tried: 0, last_login: 0, created: now, updated: now },
        })
    if (user === null) throw userExists(login)
    const action = 'user.create'
    await recordAudit(tx, { actor, action, subject: login, detail: { admin }, at: now })
    const token = { name: FIRST_TOKEN, scope: 'admin', expires: 0 } as const
    const { secret } = await issueToken(tx, user.id, token, now)
    return { user, token: secret }
  })
}

async function changeUser(
  { db, clock }: UsersOptions,
  actor: Actor,
  id: number,
  change: Parameters<Users['update']>[2],
): Promise<User | null> {
  const { admin, active } = change
  const now = clock.now()
  return inTransaction(db, async (tx) => {
    // Who is let in again has to sign in again.
    if (active === false) await deleteSessionsBut(tx, id, [])
    const user = await updateUser(tx, id, {
      ...(admin === undefined ? {} : { admin: admin ? 1 : 0 }),
      ...(active === undefined ? {} : { active: active ? 1 : 0 }),
      updated: now,
    })
    const entry = { actor, action: 'user.update', detail: change, at: now } as const
    if (user !== null) await recordAudit(tx, { ...entry, subject: user.login })
    return user
  })
}

async function removeUser({ db, clock }: UsersOptions, actor: Actor, id: number): Promise<boolean> {
  return inTransaction(db, async (tx) => {
    const user = await findUser(tx, id)
    if (user === null) return false
    const entry = { actor, action: 'user.delete', subject: user.login, at: clock.now() } as const
    await recordAudit(tx, entry)
    return deleteUser(tx, id)
  })
}
