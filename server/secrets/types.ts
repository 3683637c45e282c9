import type { Selectable } from 'kysely'
import type { Principal } from '../people/principal.js'
import type { RegistryTable, SecretTable } from '../store/schema/secrets.js'
import type { KeyService } from './rotate.js'
import type { Scope } from './scope.js'

/** A secret without its value. */
export type SecretRow = Omit<Selectable<SecretTable>, 'data'>
/** A registry login without its password. */
export type RegistryRow = Omit<Selectable<RegistryTable>, 'password'>

/** Who may have a secret. What is absent is left as it is, or has its default. */
export interface SecretRules {
  /** Builds of pull requests from the repo itself. Default false, true with `pull_request` among the events. */
  readonly pullRequest?: boolean
  readonly pullRequestPush?: boolean
  /** Builds of these events only; empty: of all but pull requests. */
  readonly events?: readonly string[]
  /** Plugins of these images only (`imageMatches`); empty: any step. */
  readonly images?: readonly string[]
  /** Builds of branches that match one of these globs only; empty: of any. */
  readonly branches?: readonly string[]
}

/** Names a place in a list that is read page by page. */
export interface NamePage {
  /** Only what comes after it. */
  readonly after?: string
  readonly limit: number
}

/** Kept secrets. Values go in and, but into jobs, never out. */
export interface SecretStore {
  /** By name. */
  list(scope: Scope, page: NamePage): Promise<readonly SecretRow[]>
  /** Those of all owners, by id; `after` is the last one that is known. */
  listOfOwners(page: {
    readonly after?: number
    readonly limit: number
  }): Promise<readonly SecretRow[]>
  /** @throws SandpiperError SP_SECRET_UNKNOWN */
  find(scope: Scope, name: string): Promise<SecretRow>
  /** @throws SandpiperError SP_SECRET_EXISTS, SP_SECRET_INVALID, SP_SECRET_LIMIT */
  create(
    scope: Scope,
    secret: SecretRules & { readonly name: string; readonly data: string },
    actor: Principal | null,
  ): Promise<SecretRow>
  /** @throws SandpiperError SP_SECRET_UNKNOWN, SP_SECRET_INVALID */
  update(
    scope: Scope,
    name: string,
    change: SecretRules & { readonly data?: string },
    actor: Principal | null,
  ): Promise<SecretRow>
  /** @throws SandpiperError SP_SECRET_UNKNOWN */
  remove(scope: Scope, name: string, actor: Principal | null): Promise<void>
}

export interface RegistryLogin {
  readonly address: string
  readonly username: string
  readonly password: string
  /** Images of forks' builds are pulled with it too. Default false. */
  readonly forks?: boolean
}

/** Kept logins for registries that images are pulled from. */
export interface RegistryStore {
  /** By address. */
  list(scope: Scope, page: NamePage): Promise<readonly RegistryRow[]>
  /** @throws SandpiperError SP_REGISTRY_LOGIN_UNKNOWN */
  find(scope: Scope, address: string): Promise<RegistryRow>
  /** @throws SandpiperError SP_REGISTRY_LOGIN_EXISTS, SP_SECRET_INVALID, SP_SECRET_LIMIT */
  create(scope: Scope, login: RegistryLogin, actor: Principal | null): Promise<RegistryRow>
  /** @throws SandpiperError SP_REGISTRY_LOGIN_UNKNOWN, SP_SECRET_INVALID */
  update(
    scope: Scope,
    address: string,
    change: Partial<Omit<RegistryLogin, 'address'>>,
    actor: Principal | null,
  ): Promise<RegistryRow>
  /** @throws SandpiperError SP_REGISTRY_LOGIN_UNKNOWN */
  remove(scope: Scope, address: string, actor: Principal | null): Promise<void>
}

/** What the HTTP side does with secrets. */
export interface SecretService {
  readonly secrets: SecretStore
  readonly registries: RegistryStore
  readonly keys: KeyService
}
