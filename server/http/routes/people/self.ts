import { csrfTokenOf } from '../../../people/secret-values.js'
import { FIRST_TOKEN } from '../../../people/users.js'
import { userUnknown } from '../../../people/errors.js'
import type { App, HttpContext } from '../../app-types.js'
import { renderInstallation, renderUser } from '../../render/people.js'
import { Self, UserWithToken } from '../../schemas/people.js'
import { checkReach } from './tokens.js'
import { personOf, principalOf } from './person.js'

/** `GET /api/user`: who is signed in; a browser gets its CSRF token as well. */
export function showSelf(app: App, { services: { people } }: HttpContext): void {
  const schema = {
    ...{ operationId: 'showSelf', tags: ['user'], response: { 200: Self } },
    summary: 'Who is signed in',
  }
  app.get('/user', { schema, config: { access: 'user' } }, async (request) => {
    const principal = principalOf(request)
    if (principal.userId === 0) return renderInstallation(principal)
    const user = await people.users.find(principal.userId)
    if (user === null) throw userUnknown(principal.login)
    const isBrowser = principal.via === 'session'
    const csrf = isBrowser ? { csrf_token: csrfTokenOf(request.sessionValue) } : {}
    return { ...renderUser(user, people.users.isAdmin(user)), ...csrf }
  })
}

/**
 * `POST /api/user/token`: makes the token `default` anew, as Drone does with `?rotate=true`. Without that Drone shows the
 * token that is there; here nobody can, as only its hash is kept.
 */
export function rotateToken(app: App, { services: { people } }: HttpContext): void {
  const schema = {
    ...{ operationId: 'rotateToken', tags: ['user'], response: { 200: UserWithToken } },
    summary: 'Make the token named default anew, and show it',
  }
  app.post('/user/token', { schema, config: { access: 'user' } }, async (request) => {
    const principal = personOf(request)
    const user = await people.users.find(principal.userId)
    if (user === null) throw userUnknown(principal.login)
    const token = { name: FIRST_TOKEN, scope: 'admin', expires: 0 } as const
    checkReach(principal, token)
    const { secret } = await people.tokens.rotate(principal, token)
    return { ...renderUser(user, people.users.isAdmin(user)), token: secret }
  })
}
