import { SandpiperError } from '../../../protocol/errors.js'
import { basicHeader } from '../auth/basic.js'
import type { ProxyConfig } from '../types.js'
import { goesDirect } from './no-proxy.js'

/** The HTTP proxy that registries are spoken to through. */
export class Proxy {
  /** Address without credentials, which is also how people call it: `http://proxy.example:3128`. */
  readonly url: URL
  /** What lets us in there, for the proxy alone. */
  readonly headers: Readonly<Record<string, string>>
  readonly #noProxy: readonly string[]

  /** @throws SandpiperError SP_REGISTRY_SETTING */
  constructor({ url, noProxy }: ProxyConfig) {
    const given = proxyUrl(url)
    const { username, password } = given
    this.url = new URL(given.origin)
    this.headers =
      username === '' && password === ''
        ? {}
        : {
            'proxy-authorization': basicHeader({
              username: decoded(username),
              password: decoded(password),
            }),
          }
    this.#noProxy = noProxy
  }

  get hasCredentials(): boolean {
    return 'proxy-authorization' in this.headers
  }

  /** Whether the URL is asked through it. */
  serves(url: URL): boolean {
    return !goesDirect(url, this.#noProxy)
  }
}

/** Nothing of the text gets into the message: it may have a password in it. */
function proxyUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url && /^https?:$/.test(url.protocol) && url.pathname + url.search + url.hash === '/') {
    return url
  }
  throw new SandpiperError(
    'SP_REGISTRY_SETTING',
    'the proxy for registries is no http:// or https:// URL of a host alone',
    { hint: 'Give it as http://[USER:PASSWORD@]HOST[:PORT].' },
  )
}

/** A `%` that means itself is left as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
