import type { Selectable } from 'kysely'
import type { ForgeKind } from '../forges/types.js'
import type { Repo } from '../services.js'
import type { UserSessionTable, UserTable, UserTokenTable } from '../store/schema/people.js'
import type { Principal, Role } from './principal.js'

/** Who does something, as it is written down. */
export type Actor = Pick<Principal, 'userId' | 'login' | 'via'>

/** Without what only the server may see. */
export type User = Omit<
  Selectable<UserTable>,
  'access_token' | 'refresh_token' | 'token_expires' | 'token_claimed_until'
>
export type UserSession = Omit<Selectable<UserSessionTable>, 'hash'>
export type UserToken = Omit<Selectable<UserTokenTable>, 'hash'>

/** Who there is, what proves it, and what they may do. */
export interface PeopleService {
  readonly identify: Identification
  readonly roles: Roles
  readonly users: Users
  readonly tokens: Tokens
  readonly sessions: Sessions
  readonly logins: Logins
  readonly forgeTokens: ForgeTokens
}

/** Tells who makes a request from what it brings along. */
export interface Identification {
  /** By a personal access token. */
  byToken(token: string): Promise<Identified>
  /** By the value of a session's cookie; null for what proves nothing any more. */
  bySession(cookie: string): Promise<Principal | null>
}

/** Who a token is of, or why it is good for nothing. */
export type Identified =
  { readonly principal: Principal } | { readonly refused: 'unknown' | 'expired' | 'inactive' }

/** What somebody may do with a repo; `role` is null for who may not even know that it is there. */
export interface RepoAccess {
  readonly repo: Repo
  readonly role: Role | null
}

export interface Roles {
  /** The repo and what the principal may do with it, scopes of tokens and visibility counted; null: no such repo. */
  inRepo(principal: Principal | null, owner: string, name: string): Promise<RepoAccess | null>
  /** What the principal may do with what all repos of the owner share: the least it may with any of them. */
  inNamespace(principal: Principal | null, namespace: string): Promise<Role | null>
  /** The repos that the principal may read, by owner and name, those after `after` first. */
  visible(principal: Principal | null, page: RepoPage): Promise<readonly Repo[]>
  /** Asks the forge for the roles of the user now. @throws SandpiperError SP_FORGE_*, SP_PEOPLE_NO_FORGE */
  sync(userId: number): Promise<void>
  /** Those whose role was given by hand. */
  members(repo: Repo): Promise<readonly RepoMember[]>
  /** Gives a role by hand, or takes it back with null. */
  setMember(actor: Actor, repo: Repo, user: User, role: Role | null): Promise<void>
}

export interface RepoPage {
  readonly limit: number
  readonly offset?: number
  /** The last repo of the page before. */
  readonly after?: { readonly owner: string; readonly name: string }
}

/** A role that was given by hand. */
export interface RepoMember {
  readonly user: User
  readonly role: Role
}

export interface Users {
  find(id: number): Promise<User | null>
  /** By `login`, or `forge:login` where several forges have one. @throws SandpiperError SP_USER_AMBIGUOUS */
  findByLogin(login: string): Promise<User | null>
  list(page: { readonly limit: number; readonly afterId?: number }): Promise<readonly User[]>
  /** Makes a machine with a token, which is shown this once. @throws SandpiperError SP_USER_EXISTS */
  addMachine(
    actor: Actor,
    machine: {
      readonly login: string
      readonly admin: boolean
      readonly email?: string
      readonly avatar?: string
    },
  ): Promise<{ readonly user: User; readonly token: string }>
  update(
    actor: Actor,
    id: number,
    change: { readonly admin?: boolean; readonly active?: boolean },
  ): Promise<User | null>
  /** Removes the user with roles, sessions and tokens. */
  remove(actor: Actor, id: number): Promise<boolean>
  /** Whether the operator's settings, or an administrator, make it one. */
  isAdmin(user: User): boolean
}

export interface NewToken {
  readonly name: string
  readonly scope: Role
  /** Unix ms; 0: never. */
  readonly expires: number
}

export interface Tokens {
  list(userId: number): Promise<readonly UserToken[]>
  /** @throws SandpiperError SP_TOKEN_EXISTS, SP_TOKEN_LIMIT */
  create(
    owner: Actor,
    token: NewToken,
  ): Promise<{ readonly token: UserToken; readonly secret: string }>
  /** Makes the token of that name anew; the one before is good for nothing then. */
  rotate(
    owner: Actor,
    token: NewToken,
  ): Promise<{ readonly token: UserToken; readonly secret: string }>
  revoke(owner: Actor, id: number): Promise<boolean>
}

export interface Sessions {
  /** Starts one; the one whose cookie the browser still has ends. @returns the value of its cookie */
  start(
    userId: number,
    browser: { readonly agent: string; readonly cookie?: string },
  ): Promise<string>
  list(userId: number): Promise<readonly UserSession[]>
  end(cookie: string): Promise<void>
  revoke(userId: number, id: number): Promise<boolean>
  revokeAll(userId: number): Promise<void>
}

/** Signing in with the OAuth2 of a forge. */
export interface Logins {
  /** The forges that people can sign in with. */
  readonly kinds: readonly ForgeKind[]
  /** How long a browser may take over there, in milliseconds. */
  readonly lifetimeMs: number
  /** Where to send the browser, and what it has to bring back in a cookie. */
  begin(
    kind: string,
    options: { readonly redirectUri: string; readonly returnTo: string },
  ): Promise<{ readonly location: string; readonly cookie: string }>
  /**
   * What the forge sent the browser back with: the user, signed in, and where the browser wanted to.
   * @throws SandpiperError SP_LOGIN_FAILED, SP_LOGIN_REFUSED, SP_FORGE_*
   */
  complete(
    kind: string,
    answer: { readonly query: string; readonly cookie: string },
  ): Promise<{ readonly user: User; readonly returnTo: string }>
}

/** Tokens of people for their forge's API, renewed when they are due. */
export interface ForgeTokens {
  /** Null when the user has none that is good. */
  of(userId: number): Promise<string | null>
}
