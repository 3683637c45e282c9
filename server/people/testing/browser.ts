import type { FastifyInstance } from 'fastify'

/** What a page answered. */
export interface Page {
  readonly url: URL
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: string
}

interface Sent {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly form?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
}

/** As much of a browser as signing in needs: cookies by host, and redirects. Our own server is asked in this process. */
export class Browser {
  readonly #app: FastifyInstance
  readonly #home: URL
  readonly #cookies = new Map<string, Map<string, string>>()

  constructor(app: FastifyInstance, home: string) {
    this.#app = app
    this.#home = new URL(home)
  }

  /** Cookies that it has of a host. */
  cookies(host: string): Map<string, string> {
    const jar = this.#cookies.get(host) ?? new Map<string, string>()
    this.#cookies.set(host, jar)
    return jar
  }

  /** One request, without following where it leads. */
  async request(address: string | URL, sent: Sent = {}): Promise<Page> {
    const url = new URL(address, this.#home)
    const { method = sent.form === undefined ? 'GET' : 'POST', form } = sent
    const cookie = [...this.cookies(url.host)].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = {
      ...(cookie === '' ? {} : { cookie }),
      ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      ...sent.headers,
    }
    const body = form === undefined ? undefined : new URLSearchParams(form).toString()
    const request = { method, headers, body }
    const page = await (url.host === this.#home.host
      ? this.#ask(url, request)
      : fetched(url, request))
    this.#keep(url.host, page.headers['set-cookie'])
    return page
  }

  /** Follows redirects until there is a page, or until one leads to where `stop` says. */
  async visit(address: string | URL, sent: Sent = {}, stop?: (url: URL) => boolean): Promise<Page> {
    let page = await this.request(address, sent)
    for (let count = 0; count < 20; count += 1) {
      const location = page.headers['location']
      if (page.status < 300 || page.status > 399 || typeof location !== 'string') return page
      const next = new URL(location, page.url)
      if (stop?.(next) === true) return { ...page, url: next }
      page = await this.request(next)
    }
    throw new Error('too many redirects')
  }

  async #ask(url: URL, { method, headers, body }: Request): Promise<Page> {
    const payload = body === undefined ? {} : { payload: body }
    const path = url.pathname + url.search
    const answer = await this.#app.inject({ method, url: path, headers, ...payload })
    const shown = answer.headers as Page['headers']
    return { url, status: answer.statusCode, headers: shown, body: answer.body }
  }

  #keep(host: string, header: string | readonly string[] | undefined): void {
    const jar = this.cookies(host)
    for (const line of [header ?? []].flat()) {
      const [pair = '', ...attributes] = line.split(';')
      const [name = '', value = ''] = pair.split(/=(.*)/s)
      const isGone = value === '' || attributes.some((one) => /^\s*max-age=0$/i.test(one))
      if (isGone) jar.delete(name)
      else jar.set(name, value)
    }
  }
}

interface Request {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly headers: Record<string, string>
  readonly body: string | undefined
}

async function fetched(url: URL, { method, headers, body }: Request): Promise<Page> {
  const payload = body === undefined ? {} : { body }
  const response = await fetch(url, { method, headers, redirect: 'manual', ...payload })
  const shown = {
    ...Object.fromEntries(response.headers),
    'set-cookie': response.headers.getSetCookie(),
  }
  return { url, status: response.status, headers: shown, body: await response.text() }
}
