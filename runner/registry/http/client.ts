import { Authorizer } from '../auth/authorizer.js'
import { parseChallenges } from '../auth/challenge.js'
import { scopesFor, type Access } from '../auth/scopes.js'
import { Keychain, type FoundLogin } from '../credentials/keychain.js'
import { explainHelper } from '../credentials/unused-helper.js'
import { Endpoints, type Endpoint } from '../endpoints.js'
import { DEFAULT_RETRIES, DEFAULT_TIMEOUTS, MIRROR_TRIES } from '../limits.js'
import type { RegistriesConfig, RequestOptions, Retries, Timeouts } from '../types.js'
import { Connections } from './connections.js'
import { exchange, type Answer, type Message } from './exchange.js'
import { Proxy } from './proxy.js'
import type { RetryOptions } from './retry.js'
import { Schemes } from './schemes.js'
import { send, type Sender } from './send.js'
import { statusError } from './status-error.js'
import { REAL_TIMING, type Timing } from './timing.js'

/** One request to an endpoint's API. */
export interface Call {
  readonly endpoint: Endpoint
  readonly repository: string
  readonly method: Message['method']
  /** Behind the repository: `/manifests/latest`; or a whole URL of the same endpoint. */
  readonly path: string | URL
  readonly access: Access
  /** Statuses that are no failure. */
  readonly expects: readonly number[]
  /** What it is about, for messages. */
  readonly what: string
  readonly options: RequestOptions
  readonly headers?: Readonly<Record<string, string>>
  /** Called for each time that the message is sent. */
  readonly body?: () => Uint8Array | AsyncIterable<Uint8Array>
  readonly mountFrom?: string
  /** The answer is a small one. */
  readonly isSmall?: boolean
}

/** Sends calls with what they need to be let in. */
export class Client {
  readonly endpoints: Endpoints
  readonly timing: Timing
  readonly timeouts: Timeouts
  readonly #retries: Retries
  readonly #sender: Sender
  readonly #keychain: Keychain
  readonly #authorizer: Authorizer
  readonly #schemes: Schemes

  /** @throws SandpiperError SP_REGISTRY_SETTING */
  constructor(config: RegistriesConfig) {
    this.timing = config.timing ?? REAL_TIMING
    this.timeouts = { ...DEFAULT_TIMEOUTS, ...config.timeouts }
    this.#retries = { ...DEFAULT_RETRIES, ...config.retries }
    this.endpoints = new Endpoints(config, this.timing)
    const connections = new Connections({
      caFile: config.caFile,
      connectMs: this.timeouts.connectMs,
      proxy: config.proxy ? new Proxy(config.proxy) : null,
    })
    this.#sender = { connections, endpoints: this.endpoints, timeouts: this.timeouts }
    this.#keychain = new Keychain(config.credentials ?? [], this.timing, config.environment)
    this.#authorizer = new Authorizer(this.#sender, this.timing)
    this.#schemes = new Schemes(this.#sender, this.timing)
  }

  /** One try. @throws RegistryError for a status that the call does not expect */
  async call(call: Call): Promise<Answer> {
    const { endpoint, options } = call
    const { signal, credentials = [] } = options
    signal?.throwIfAborted()
    const repository = endpoint.prefix + call.repository
    const request = { host: endpoint.registry, repository, credentials, signal }
    try {
      return await this.#callWith(call, repository, await this.#keychain.find(request))
    } catch (error) {
      throw explainHelper(error, request)
    }
  }

  async #callWith(call: Call, repository: string, found: FoundLogin | null): Promise<Answer> {
    const { endpoint, options, what } = call
    const { signal } = options
    const origin = await this.#schemes.originOf(endpoint, signal)
    const url =
      typeof call.path === 'string' ? new URL(`${origin}/v2/${repository}${call.path}`) : call.path
    const scopes = scopesFor(repository, call.access, call.mountFrom)
    const access = { endpoint, scopes, found, what, signal }
    const sent = await this.#authorizer.header(access)
    let answer = await this.#send(call, url, sent)
    if (answer.status === 401 && answer.url.origin === origin) {
      const challenges = parseChallenges(answer.header('www-authenticate') ?? '')
      const renewed = await this.#authorizer.renew(access, challenges, sent).catch(letGo(answer))
      if (renewed !== null) {
        await answer.discard()
        answer = await this.#send(call, url, renewed)
      }
    }
    if (call.expects.includes(answer.status)) return answer
    throw await statusError({ answer, what, found, access: call.access, now: this.timing.now() })
  }

  /** Asks a server that is no registry, once. @param where how people call it @throws RegistryError */
  ask(where: string, message: Message): Promise<Answer> {
    return exchange(this.#sender, this.endpoints.of(message.url.host).peer, where, message)
  }

  /** How patient to be with an endpoint. */
  patience(endpoint: Endpoint, { signal, onRetry }: RequestOptions): RetryOptions {
    const { tries } = this.#retries
    const retries = {
      ...this.#retries,
      tries: endpoint.isMirror ? Math.min(tries, MIRROR_TRIES) : tries,
    }
    return { retries, timing: this.timing, signal, onRetry }
  }

  close(): Promise<void> {
    return this.#sender.connections.close()
  }

  #send(call: Call, url: URL, authorization: string | null): Promise<Answer> {
    const { method, headers = {}, options, body } = call
    const message: Message = {
      method,
      url,
      headers: { 'user-agent': 'sandpiper', 'accept-encoding': 'identity', ...headers },
      signal: options.signal,
      ...(call.isSmall ? { withinMs: this.timeouts.smallMs } : {}),
      ...(body ? { body: body() } : {}),
    }
    return send(this.#sender, call.endpoint, message, authorization)
  }
}

/** For a failure meanwhile: the answer's connection must not stay open. */
function letGo(answer: Answer): (error: unknown) => Promise<never> {
  return async (error) => {
    await answer.discard()
    throw error
  }
}
