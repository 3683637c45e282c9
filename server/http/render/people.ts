import type { Principal } from '../../people/principal.js'
import { roleOf } from '../../people/rules.js'
import type { RepoMember, User, UserSession, UserToken } from '../../people/types.js'
import { seconds } from './time.js'

/** A user as Drone's API has it; `name` and `forge` are ours. */
export function renderUser(user: User, isAdmin: boolean) {
  return {
    id: user.id,
    login: user.login,
    name: user.name,
    email: user.email,
    avatar_url: user.avatar,
    forge: user.forge,
    active: user.active === 1 && user.allowed === 1,
    admin: isAdmin,
    machine: user.machine === 1,
    syncing: false,
    synced: seconds(user.synced),
    created: seconds(user.created),
    updated: seconds(user.updated),
    last_login: seconds(user.last_login),
  }
}

/** The token of the installation as a user. */
export function renderInstallation({ login }: Principal) {
  return {
    ...{ id: 0, login, name: '', email: '', avatar_url: '', forge: '' },
    ...{ active: true, admin: true, machine: true, syncing: false },
    ...{ synced: 0, created: 0, updated: 0, last_login: 0 },
  }
}

/** A token without what it is. */
export function renderToken(token: UserToken) {
  return {
    id: token.id,
    name: token.name,
    scope: roleOf(token.scope) ?? 'read',
    created: seconds(token.created),
    expires: seconds(token.expires),
    last_used: seconds(token.last_used),
  }
}

/** A session; `currentId` is that of the one that asks. */
export function renderSession(session: UserSession, currentId: number) {
  return {
    id: session.id,
    agent: session.agent,
    created: seconds(session.created),
    last_seen: seconds(session.last_seen),
    expires: seconds(session.expires),
    current: session.id === currentId,
  }
}

/** Somebody who was given a role by hand. */
export function renderMember({ user, role }: RepoMember) {
  return { id: user.id, login: user.login, role }
}
