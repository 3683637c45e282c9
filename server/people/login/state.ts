import type { SecretBox } from '../../secrets/box.js'
import { loginFailed } from '../errors.js'
import { LOGIN_MS } from '../limits.js'

/** What a browser that was sent to a forge has to bring back, in a cookie. */
export interface LoginState {
  readonly kind: string
  readonly state: string
  /** PKCE's code verifier, RFC 7636. */
  readonly verifier: string
  readonly redirectUri: string
  readonly returnTo: string
  /** Unix ms. */
  readonly expires: number
}

const CONTEXT = 'sign-in under way'

/** The state as a cookie's value: sealed, so that any server can open it and nobody else. */
export function sealState(box: SecretBox, state: Omit<LoginState, 'expires'>, now: number): string {
  const text = JSON.stringify({ ...state, expires: now + LOGIN_MS })
  return Buffer.from(box.seal(text, CONTEXT)).toString('base64url')
}

/**
 * The state that a cookie holds.
 * @throws SandpiperError SP_LOGIN_FAILED when there is none, or one of another forge, or an old one
 */
export function openState(box: SecretBox, cookie: string, kind: string, now: number): LoginState {
  const state = unsealed(box, cookie)
  if (state.kind !== kind) throw loginFailed('it was begun with another forge.')
  if (state.expires <= now) throw loginFailed('it took too long.')
  return state
}

function unsealed(box: SecretBox, cookie: string): LoginState {
  if (cookie === '') throw loginFailed('the browser has not brought back its cookie.')
  try {
    const text = box.open(Buffer.from(cookie, 'base64url').toString(), CONTEXT)
    return JSON.parse(text) as LoginState
  } catch (error) {
    throw loginFailed("the browser's cookie is not one of ours.", error)
  }
}
