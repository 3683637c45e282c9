import type { Role } from '../people/principal.js'

/** The kinds of forge that there are clients for; also the last part of the addresses of their webhooks. */
export const FORGE_KINDS = [
  'github',
  'gitea',
  'forgejo',
  'gitlab',
  'bitbucket',
  'bitbucket-server',
] as const

export type ForgeKind = (typeof FORGE_KINDS)[number]

/** One forge that the operator has set up; `repos.forge` names it by its kind. */
export interface ForgeSettings {
  readonly kind: ForgeKind
  /** Web address without a slash at its end, e.g. `https://github.com`. */
  readonly url: string
  /** Address of its API where that can't be derived from `url`. */
  readonly apiUrl?: string
  /** OAuth2 application that people sign in with; absent: nobody does. */
  readonly oauth?: { readonly clientId: string; readonly clientSecret: string }
  /** Token that statuses are sent with where neither repo nor its owner has one. */
  readonly token?: string
}

/**
 * A forge's HTTP API, as far as it is of use here. Every method's `token` is one of its own: OAuth or personal; for
 * Bitbucket also `USER:PASSWORD`. All throw ForgeError: SP_FORGE_UNAUTHORIZED, SP_FORGE_UNREACHABLE,
 * SP_FORGE_RATE_LIMITED, SP_FORGE_FAILED. Nothing is tried twice; `again` tells whether that may help.
 */
export interface Forge {
  readonly settings: ForgeSettings
  user(token: string): Promise<ForgeUser>
  /** Every repo that the token's owner can at least read, page after page. */
  repos(token: string): AsyncIterable<ForgeRepo>
  /** One repo as the token's owner sees it; null when it is not there for him. */
  repo(token: string, slug: string): Promise<ForgeRepo | null>
  /** Sets the status of a commit; the forge shows the newest of each `context`. */
  setStatus(
    token: string,
    repo: ForgeRepoRef,
    status: CommitStatus,
    signal?: AbortSignal,
  ): Promise<void>
  /**
   * Makes the repo have one webhook to that address (its query aside), as it is wanted: one that is there is changed.
   * Whether somebody may is for the forge to say, mostly with 403 or 404.
   */
  ensureHook(token: string, repo: ForgeRepoRef, hook: ForgeHook): Promise<void>
  /** Removes the repo's webhooks to that address, its query aside. */
  removeHook(token: string, repo: ForgeRepoRef, url: string): Promise<void>
  /** Ends its connections. */
  close(): Promise<void>
}

/** The forges that the operator has set up. */
export type Forges = ReadonlyMap<ForgeKind, Forge>

/** Which repo is meant. */
export interface ForgeRepoRef {
  /** `owner/name`. */
  readonly slug: string
  /** The forge's own id; empty when not known. */
  readonly remoteId: string
}

export interface ForgeUser {
  /** The forge's own id, which stays when the login changes. */
  readonly remoteId: string
  readonly login: string
  readonly name: string
  readonly email: string
  readonly avatar: string
}

export interface ForgeRepo {
  readonly remoteId: string
  /** `owner/name`. */
  readonly slug: string
  readonly link: string
  readonly cloneUrl: string
  readonly defaultBranch: string
  readonly visibility: 'public' | 'internal' | 'private'
  readonly archived: boolean
  /** What the token's owner may do with it. */
  readonly role: Role
}

/** A webhook with the events that are read here. */
export interface ForgeHook {
  readonly url: string
  /** What its deliveries are signed with. */
  readonly secret: string
}

export interface CommitStatus {
  /** Full, lower-case hex. */
  readonly commit: string
  readonly state: StatusState
  /** What it is about, e.g. `continuous-integration/sandpiper/push`. */
  readonly context: string
  /** One line for people, of at most 140 characters. */
  readonly description: string
  /** Page that it leads to. */
  readonly link: string
  /** Branch or tag that was built, without `refs/...`; of a pull request the source branch. May be empty. */
  readonly branch: string
  /** Number of the build. */
  readonly number: number
}

export type StatusState = 'pending' | 'running' | 'success' | 'failure' | 'error' | 'killed'
