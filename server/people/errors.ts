import { SandpiperError } from '../../protocol/errors.js'

/** There is no such user. */
export function userUnknown(login: string): SandpiperError {
  return new SandpiperError('SP_USER_UNKNOWN', `There is no user ${quote(login)}.`, {
    hint: "'GET /api/users' lists them for administrators (docs/api.md).",
  })
}

/** A login that is more than one user's. */
export function userAmbiguous(login: string): SandpiperError {
  return new SandpiperError(
    'SP_USER_AMBIGUOUS',
    `There are users ${quote(login)} of several forges.`,
    { hint: 'Write the forge in front: github:ada.' },
  )
}

/** A machine of that login is there already. */
export function userExists(login: string): SandpiperError {
  return new SandpiperError('SP_USER_EXISTS', `There is a user ${quote(login)} already.`, {
    hint: 'Take another login.',
  })
}

/** A user that can't be made or changed like that. */
export function userInvalid(message: string): SandpiperError {
  return new SandpiperError('SP_USER_INVALID', message, {
    hint: 'People come from their forge and sign in there; only machines are added here.',
  })
}

/** A token of that name is there already. */
export function tokenExists(name: string): SandpiperError {
  return new SandpiperError('SP_TOKEN_EXISTS', `You have a token ${quote(name)} already.`, {
    hint: 'Take another name, or revoke that one first.',
  })
}

/** There are too many tokens. */
export function tokenLimit(max: number): SandpiperError {
  return new SandpiperError('SP_TOKEN_LIMIT', `Nobody may have more than ${max} tokens.`, {
    hint: 'Revoke those that are not used any more.',
  })
}

/** A token can't be made like that. */
export function tokenInvalid(message: string, hint: string): SandpiperError {
  return new SandpiperError('SP_TOKEN_INVALID', message, { hint })
}

/** Nobody can sign in with that forge. */
export function loginUnknownForge(kind: string): SandpiperError {
  return new SandpiperError('SP_LOGIN_FORGE_UNKNOWN', `Nobody signs in with ${quote(kind)} here.`, {
    hint: 'The page /login lists the forges that are set up.',
  })
}

/** The browser came back from a forge without what it was sent there with, or with something else. */
export function loginFailed(message: string, cause?: unknown): SandpiperError {
  return new SandpiperError('SP_LOGIN_FAILED', `Signing in failed: ${message}`, {
    hint: 'Start again at /login, in one browser, with cookies allowed.',
    ...(cause === undefined ? {} : { cause }),
  })
}

/** The operator's settings, or an administrator, keep the account out. */
export function loginRefused(login: string): SandpiperError {
  return new SandpiperError('SP_LOGIN_REFUSED', `${quote(login)} may not sign in here.`, {
    hint: 'SANDPIPER_USERS_ALLOW says who may, and administrators can shut accounts: ask one.',
  })
}

/** The user has no account at a forge whose API we can ask. */
export function noForge(login: string): SandpiperError {
  return new SandpiperError(
    'SP_PEOPLE_NO_FORGE',
    `${quote(login)} has no account at a forge that tells roles.`,
    { hint: 'Sign in again at /login. Machines have the roles that administrators give them.' },
  )
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 200))
}
