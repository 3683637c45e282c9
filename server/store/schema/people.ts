import type { Generated } from 'kysely'

/** Who may sign in or hold a token, what they may do, and what proves who they are. */
export interface PeopleTables {
  users: UserTable
  memberships: MembershipTable
  repo_members: RepoMemberTable
  user_sessions: UserSessionTable
  user_tokens: UserTokenTable
}

export interface UserTable {
  id: Generated<number>
  /** Kind of the forge that the account is at; empty for a machine, which has a token only. */
  forge: string
  /** The forge's own id of the account, which stays when the login changes; a machine's login. */
  remote_id: string
  /** As it was when the person signed in last. */
  login: string
  name: string
  email: string
  avatar: string
  /** 1 for who an administrator made one; the operator's settings name others. */
  admin: number
  /** 0 when an administrator has shut the account. */
  active: number
  /** 0 when the operator's settings do not let the account in, as far as the last look at the forge tells. */
  allowed: number
  machine: number
  /** Tokens for the forge's API, sealed; null when there is none. */
  access_token: string | null
  refresh_token: string | null
  /** When the access token expires; 0: never, as far as the forge says. */
  token_expires: number
  /** Until when one server alone may ask the forge for a new token, as the old one is good for one use; 0: nobody does. */
  token_claimed_until: number
  /** When the forge told the roles last; 0: never. */
  synced: number
  /** When it was last asked for them, whatever came of it. */
  sync_tried: number
  last_login: number
  created: number
  updated: number
}

/** What a forge says that one of its accounts may do with one of its repos. */
export interface MembershipTable {
  user_id: number
  forge: string
  /** The forge's own id of the repo. */
  remote_id: string
  /** `owner/name` in lower case. */
  slug: string
  /** `read`, `write` or `admin`. */
  role: string
}

/** A role that an administrator has given by hand, beside what the forge says. */
export interface RepoMemberTable {
  repo_id: number
  user_id: number
  role: string
  created: number
}

/** A browser that is signed in. */
export interface UserSessionTable {
  id: Generated<number>
  user_id: number
  /** SHA-256 of the random value in its cookie, hex. */
  hash: string
  /** The browser's own name of itself, cut short: for people who look through their sessions. */
  agent: string
  created: number
  last_seen: number
  /** When it ends, however much it is used. */
  expires: number
}

/** A personal access token. */
export interface UserTokenTable {
  id: Generated<number>
  user_id: number
  name: string
  /** SHA-256 of the token, hex. */
  hash: string
  /** The most it may: `read`, `write` or `admin`. */
  scope: string
  /** 0: never. */
  expires: number
  /** 0: not yet. */
  last_used: number
  created: number
}
