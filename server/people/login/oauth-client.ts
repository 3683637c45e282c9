import * as openid from 'openid-client'
import { messageOf } from '../../../protocol/errors.js'
import { forgeFailed, forgeUnauthorized, forgeUnreachable } from '../../forges/errors.js'
import type { ForgeKind, ForgeSettings } from '../../forges/types.js'
import { loginFailed } from '../errors.js'

/** Tokens for a forge's API. */
export interface OAuthTokens {
  readonly accessToken: string
  /** Null where the forge gives none. */
  readonly refreshToken: string | null
  /** Unix ms; 0: never, as far as the forge says. */
  readonly expires: number
}

/** The OAuth2 side of one forge (RFC 6749 with RFC 7636), as its client. */
export interface OAuthClient {
  /** Where to send the browser. */
  authorizationUrl(request: {
    readonly redirectUri: string
    readonly state: string
    readonly verifier: string
  }): Promise<URL>
  /**
   * Turns what the browser came back with into tokens.
   * @throws SandpiperError SP_LOGIN_FAILED, SP_FORGE_UNREACHABLE
   */
  exchange(
    url: URL,
    expected: { readonly state: string; readonly verifier: string },
    now: number,
  ): Promise<OAuthTokens>
  /** @throws SandpiperError SP_FORGE_UNAUTHORIZED when the token is good for nothing, SP_FORGE_UNREACHABLE, SP_FORGE_FAILED */
  renew(refreshToken: string, now: number): Promise<OAuthTokens>
}

interface Endpoints {
  readonly authorize: string
  readonly token: string
  /** Repos and roles to be read, and statuses to be written. */
  readonly scope: string
}

const GITEA: Endpoints = {
  authorize: '/login/oauth/authorize',
  token: '/login/oauth/access_token',
  scope: 'read:user read:organization write:repository',
}

/** Where the forges that people sign in with have their OAuth2, from their own documentation. */
const ENDPOINTS: Readonly<Partial<Record<ForgeKind, Endpoints>>> = {
  github: {
    authorize: '/login/oauth/authorize',
    token: '/login/oauth/access_token',
    scope: 'repo read:org user:email',
  },
  gitea: GITEA,
  forgejo: GITEA,
  gitlab: { authorize: '/oauth/authorize', token: '/oauth/token', scope: 'api' },
}

/** How long a forge may take for one answer, in seconds. */
const ANSWER_S = 15

/** The OAuth2 side of a forge; null where people don't sign in with it. */
export function createOAuthClient(settings: ForgeSettings): OAuthClient | null {
  const endpoints = ENDPOINTS[settings.kind]
  if (endpoints === undefined || settings.oauth === undefined) return null
  const config = configurationOf(settings, settings.oauth, endpoints)
  return {
    async authorizationUrl({ redirectUri, state, verifier }) {
      return openid.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: endpoints.scope,
        state,
        code_challenge: await openid.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      })
    },
    exchange: (url, expected, now) => exchange(config, settings, { url, expected, now }),
    renew: (refreshToken, now) => renew(config, settings, refreshToken, now),
  }
}

function configurationOf(
  { url }: ForgeSettings,
  { clientId, clientSecret }: NonNullable<ForgeSettings['oauth']>,
  endpoints: Endpoints,
): openid.Configuration {
  const server = {
    issuer: url,
    authorization_endpoint: `${url}${endpoints.authorize}`,
    token_endpoint: `${url}${endpoints.token}`,
  }
  const client = openid.ClientSecretPost(clientSecret)
  const config = new openid.Configuration(server, clientId, undefined, client)
  config.timeout = ANSWER_S
  // The operator has said that the forge speaks plain HTTP; the function is marked as deprecated to stand out.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  if (url.startsWith('http:')) openid.allowInsecureRequests(config)
  return config
}

async function exchange(
  config: openid.Configuration,
  settings: ForgeSettings,
  { url, expected, now }: Returned,
): Promise<OAuthTokens> {
  const answer = new URL(url)
  // Forges call themselves by names of their own here. Answers of one can't be taken for another's: each has its own
  // redirect URI, and the cookie says which was asked.
  answer.searchParams.delete('iss')
  try {
    const tokens = await openid.authorizationCodeGrant(config, answer, {
      expectedState: expected.state,
      pkceCodeVerifier: expected.verifier,
    })
    return tokensOf(tokens, now)
  } catch (error) {
    const said = oauthError(error)
    if (said !== null) throw loginFailed(`the forge says ${said}.`, error)
    if (isAboutAnswer(error)) throw loginFailed('the forge did not answer as OAuth2 does.', error)
    throw forgeUnreachable(settings.url, messageOf(error), error)
  }
}

/** What the browser came back with, and what it should have. */
interface Returned {
  readonly url: URL
  readonly expected: { readonly state: string; readonly verifier: string }
  readonly now: number
}

async function renew(
  config: openid.Configuration,
  { url }: ForgeSettings,
  refreshToken: string,
  now: number,
): Promise<OAuthTokens> {
  try {
    const tokens = tokensOf(await openid.refreshTokenGrant(config, refreshToken), now)
    // RFC 6749, 6: without a new one the old one stays good.
    return { ...tokens, refreshToken: tokens.refreshToken ?? refreshToken }
  } catch (error) {
    const said = oauthError(error)
    if (said === 'invalid_grant') throw forgeUnauthorized(url, ' for renewal')
    if (said !== null) throw forgeFailed(url, `it says ${said}`, { cause: error })
    if (isAboutAnswer(error)) throw forgeFailed(url, 'it answers not as OAuth2 does')
    throw forgeUnreachable(url, messageOf(error), error)
  }
}

function tokensOf(
  tokens: Awaited<ReturnType<typeof openid.refreshTokenGrant>>,
  now: number,
): OAuthTokens {
  const seconds = tokens.expiresIn()
  return {
    accessToken: tokens.access_token,
    refreshToken: tokens.refresh_token ?? null,
    expires: seconds === undefined ? 0 : now + seconds * 1_000,
  }
}

/** The code of OAuth2 (RFC 6749, 4.1.2.1 and 5.2) that the forge answered with, or null. */
function oauthError(error: unknown): string | null {
  const isOAuth =
    error instanceof openid.AuthorizationResponseError || error instanceof openid.ResponseBodyError
  if (!isOAuth) return null
  return /^[a-z_]{1,60}$/.test(error.error) ? error.error : 'that it failed'
}

/** Whether the forge, or the browser, answered something that makes no sense. */
function isAboutAnswer(error: unknown): boolean {
  const isTimeout = error instanceof Error && error.name === 'TimeoutError'
  return error instanceof openid.ClientError && error.code !== 'OAUTH_TIMEOUT' && !isTimeout
}
