import { Remembered } from '../http/remembered.js'
import type { Timing } from '../http/timing.js'
import { askHelper } from './helper.js'
import type { DockerConfig, Login } from './docker-config.js'
import { keysFor } from './keys.js'

/** Credentials that were found, and where. */
export interface FoundLogin {
  readonly login: Login
  /** For messages: a path, `secret NAME`. */
  readonly source: string
}

export interface LoginRequest {
  /** Host that they are for, as in an image name. */
  readonly host: string
  readonly repository: string
  /** Files of one request. */
  readonly credentials: readonly DockerConfig[]
  readonly signal?: AbortSignal | undefined
}

const HELPER_ANSWER_MS = 60_000

/** Finds the credentials of a repository. Helpers are run for the operator's own files only. */
export class Keychain {
  readonly #own: readonly DockerConfig[]
  readonly #timing: Timing
  readonly #environment: NodeJS.ProcessEnv | undefined
  readonly #answers = new Remembered<{ readonly login: Login | null; readonly until: number }>()

  /** @param environment of helpers; default: that of this process */
  constructor(own: readonly DockerConfig[], timing: Timing, environment?: NodeJS.ProcessEnv) {
    this.#own = own
    this.#timing = timing
    this.#environment = environment
  }

  /** @throws SandpiperError SP_REGISTRY_CREDENTIALS when a helper fails */
  async find({ host, repository, credentials, signal }: LoginRequest): Promise<FoundLogin | null> {
    const keys = keysFor(host, repository)
    for (const config of credentials) {
      const found = firstLogin(config, keys)
      if (found) return found
    }
    for (const config of this.#own) {
      const found = (await this.#fromHelper(config, keys, signal)) ?? firstLogin(config, keys)
      if (found) return found
    }
    return null
  }

  /** Docker's order: a helper named for the registry, then what stands in the file, then the store. */
  async #fromHelper(
    config: DockerConfig,
    keys: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<FoundLogin | null> {
    const host = keys.at(-1) ?? ''
    const named = config.helpers.get(host)
    const helper = named ?? (firstLogin(config, keys) ? null : config.store)
    if (helper === null) return null
    const id = JSON.stringify([helper, host])
    const known = this.#answers.get(id)
    const now = this.#timing.now()
    if (known && known.until > now) return foundBy(known.login, helper)
    const login = await askHelper(helper, host, {
      signal,
      environment: this.#environment,
    })
    this.#answers.set(id, { login, until: now + HELPER_ANSWER_MS })
    return foundBy(login, helper)
  }
}

function foundBy(login: Login | null, helper: string): FoundLogin | null {
  return login && { login, source: `docker-credential-${helper}` }
}

function firstLogin(config: DockerConfig, keys: readonly string[]): FoundLogin | null {
  for (const key of keys) {
    const login = config.logins.get(key)
    if (login) return { login, source: config.source }
  }
  return null
}
