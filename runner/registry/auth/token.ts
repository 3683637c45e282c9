import type { FoundLogin } from '../credentials/keychain.js'
import type { Endpoint } from '../endpoints.js'
import { badAnswer, refusedRedirect, shownText } from '../errors.js'
import { exchange, type Answer } from '../http/exchange.js'
import { peerFor, placeOf, type Sender } from '../http/send.js'
import { statusError } from '../http/status-error.js'
import { TOKEN_BYTES_MAX } from '../limits.js'
import { basicHeader } from './basic.js'
import type { Challenge } from './challenge.js'

export interface TokenRequest {
  readonly endpoint: Endpoint
  readonly challenge: Challenge
  readonly scopes: readonly string[]
  readonly found: FoundLogin | null
  /** What the token is for, for messages: an image's name. */
  readonly what: string
  readonly now: number
  readonly signal: AbortSignal
}

export interface Token {
  readonly token: string
  readonly lifeMs: number
}

/** What a token endpoint that says nothing means (distribution's token specification). */
const DEFAULT_LIFE_S = 60
const LIFE_S_MAX = 24 * 3600

/** Gets a bearer token from the endpoint that the challenge names. @throws RegistryError */
export async function fetchToken(sender: Sender, request: TokenRequest): Promise<Token> {
  const { endpoint, found, what, signal } = request
  const realm = realmOf(request)
  const message = found?.login.kind === 'identity' ? refresh(request, realm) : get(request, realm)
  const where = `the token server ${placeOf(endpoint, realm)}`
  const peer = peerFor(sender, endpoint, realm)
  const withinMs = sender.timeouts.smallMs
  const answer = await exchange(sender, peer, where, { ...message, withinMs, signal })
  if (answer.status !== 200) {
    throw await statusError({ answer, what, found, access: 'token', now: request.now })
  }
  return readToken(answer, where)
}

function realmOf({ endpoint, challenge }: TokenRequest): URL {
  const realm = challenge.parameters['realm'] ?? ''
  if (!URL.canParse(realm))
    throw badAnswer(endpoint.label, 'the token server that it names is no URL')
  const url = new URL(realm)
  const isPlain = url.protocol === 'http:'
  if (url.protocol !== 'https:' && !isPlain) {
    throw refusedRedirect(endpoint.label, `to a token server by ${shownText(url.protocol)}`)
  }
  if (isPlain && endpoint.scheme === 'https') {
    throw refusedRedirect(endpoint.label, `to a token server by plain HTTP at ${url.host}`)
  }
  url.username = ''
  url.password = ''
  url.hash = ''
  return url
}

function get(
  { challenge, scopes, found }: TokenRequest,
  url: URL,
): {
  readonly method: 'GET'
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
} {
  const service = challenge.parameters['service']
  if (service !== undefined) url.searchParams.set('service', service)
  for (const scope of scopes) url.searchParams.append('scope', scope)
  const login = found?.login
  if (login?.kind === 'basic') url.searchParams.set('account', login.username)
  return {
    method: 'GET',
    url,
    headers: login?.kind === 'basic' ? { authorization: basicHeader(login) } : {},
  }
}

/** OAuth2 with the identity token that `docker login` has kept. */
function refresh(
  { challenge, scopes, found }: TokenRequest,
  url: URL,
): {
  readonly method: 'POST'
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
} {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: 'sandpiper',
    service: challenge.parameters['service'] ?? '',
    scope: scopes.join(' '),
    refresh_token: found?.login.kind === 'identity' ? found.login.token : '',
  })
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return { method: 'POST', url, headers, body: Buffer.from(form.toString()) }
}

async function readToken(answer: Answer, where: string): Promise<Token> {
  const bytes = await answer.read(TOKEN_BYTES_MAX, 'its answer')
  const fields = parse(bytes.toString('utf8'))
  const token = [fields?.['token'], fields?.['access_token']].find(
    (one) => typeof one === 'string' && one !== '',
  )
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) {
    throw badAnswer(where, 'there is no token in its answer')
  }
  const life = fields?.['expires_in']
  const lifeS = typeof life === 'number' && life > 0 ? Math.min(life, LIFE_S_MAX) : DEFAULT_LIFE_S
  return { token, lifeMs: lifeS * 1000 }
}

function parse(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' ? (value as Readonly<Record<string, unknown>> | null) : null
  } catch {
    return null
  }
}
