import type { AwsKeys } from './signature.js'

/** Who asks Amazon, and for which of its registries. */
export interface EcrAccount extends AwsKeys {
  /** `ACCOUNT.dkr.ecr.REGION.amazonaws.com[.cn]`; empty: that of the account itself. */
  readonly registry: string
  /** Where the host of the registry names none. */
  readonly region: string
  /** ARN of a role to take on with these keys; empty for none. */
  readonly assumeRole: string
  /** What the role's owner wants to hear; empty for nothing. */
  readonly externalId: string
}

export interface EcrLogin {
  /** Host that it is for. */
  readonly registry: string
  readonly username: string
  /** Holds for twelve hours. */
  readonly password: string
}

/** As in RequestOptions. */
export interface AwsOptions {
  readonly signal?: AbortSignal
  readonly onRetry?: (text: string) => void
}

/**
 * Amazon's API for its registries, with the keys of one account. Every method throws SandpiperError
 * SP_REGISTRY_CREDENTIALS, SP_IMAGE_DENIED, SP_REGISTRY_SETTING, and those of connections; the texts of none
 * have keys in them.
 */
export interface Ecr {
  /** What lets into the registry (GetAuthorizationToken). */
  login(options?: AwsOptions): Promise<EcrLogin>
  /**
   * Sees to it that there is a repository (CreateRepository). @param name without the host
   * @returns whether it was made
   */
  createRepository(
    name: string,
    settings: { readonly scanOnPush: boolean },
    options?: AwsOptions,
  ): Promise<boolean>
}
