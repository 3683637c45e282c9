import { createHash } from 'node:crypto'
import type { FoundLogin } from '../credentials/keychain.js'
import type { Endpoint } from '../endpoints.js'
import { Remembered } from '../http/remembered.js'
import type { Sender } from '../http/send.js'
import type { Timing } from '../http/timing.js'
import { basicHeader } from './basic.js'
import type { Challenge } from './challenge.js'
import { SharedWork } from './shared-work.js'
import { mergeScopes } from './scopes.js'
import { fetchToken } from './token.js'

/** What is asked for, and with which credentials. */
export interface Access {
  readonly endpoint: Endpoint
  /** e.g. `repository:library/busybox:pull`. */
  readonly scopes: readonly string[]
  readonly found: FoundLogin | null
  /** For messages: an image's name. */
  readonly what: string
  readonly signal?: AbortSignal | undefined
}

interface Cached {
  readonly header: string
  readonly until: number
}

/** Tokens are given up when this part of their life is left: they must last for the request. */
const LIFE_MARGIN = 0.1

/** Makes Authorization headers, and remembers what registries want and the tokens that they gave. */
export class Authorizer {
  readonly #sender: Sender
  readonly #timing: Timing
  readonly #challenges = new Remembered<Challenge>()
  readonly #tokens = new Remembered<Cached>()
  readonly #fetches = new SharedWork<string>()

  constructor(sender: Sender, timing: Timing) {
    this.#sender = sender
    this.#timing = timing
  }

  /** The header for a first try; null where the registry has not asked for any yet. @throws RegistryError */
  async header(access: Access): Promise<string | null> {
    if (access.found?.login.kind === 'bearer') return `Bearer ${access.found.login.token}`
    const challenge = this.#challenges.get(challengeKey(access))
    return challenge ? this.#answer(access, challenge) : null
  }

  /**
   * The header for another try after a 401. @param sent what was sent before
   * @returns null when there is nothing else to send
   * @throws RegistryError
   */
  async renew(
    access: Access,
    challenges: readonly Challenge[],
    sent: string | null,
  ): Promise<string | null> {
    const challenge = choose(challenges, access.found)
    if (!challenge || access.found?.login.kind === 'bearer') return null
    this.#challenges.set(challengeKey(access), challenge)
    const key = tokenKey(access)
    if (this.#tokens.get(key)?.header === sent) this.#tokens.delete(key)
    const header = await this.#answer(access, challenge)
    return header === sent ? null : header
  }

  async #answer(access: Access, challenge: Challenge): Promise<string | null> {
    if (challenge.scheme === 'bearer') return this.#token(access, challenge)
    return access.found?.login.kind === 'basic' ? basicHeader(access.found.login) : null
  }

  async #token(access: Access, challenge: Challenge): Promise<string> {
    const key = tokenKey(access)
    const cached = this.#tokens.get(key)
    if (cached && cached.until > this.#timing.now()) return cached.header
    return this.#fetches.run(key, access.signal, async (signal) => {
      const { endpoint, found, what } = access
      // Behind some proxies the registry knows the repository by another name.
      const asked = (challenge.parameters['scope'] ?? '').split(' ')
      const scopes = mergeScopes([...access.scopes, ...asked])
      const now = this.#timing.now()
      const request = { endpoint, challenge, scopes, found, what, now, signal }
      const { token, lifeMs } = await fetchToken(this.#sender, request)
      const header = `Bearer ${token}`
      this.#tokens.set(key, { header, until: now + lifeMs * (1 - LIFE_MARGIN) })
      return header
    })
  }
}

function choose(challenges: readonly Challenge[], found: FoundLogin | null): Challenge | undefined {
  const bearer = challenges.find(
    ({ scheme, parameters }) => scheme === 'bearer' && parameters['realm'],
  )
  if (bearer) return bearer
  return found ? challenges.find(({ scheme }) => scheme === 'basic') : undefined
}

function challengeKey({ endpoint, scopes }: Access): string {
  return JSON.stringify([endpoint.label, scopes])
}

/** Nobody gets a token that was given for other credentials. */
function tokenKey({ endpoint, scopes, found }: Access): string {
  const login = createHash('sha256')
    .update(JSON.stringify(found?.login ?? null))
    .digest('hex')
  return JSON.stringify([endpoint.label, scopes, login])
}
