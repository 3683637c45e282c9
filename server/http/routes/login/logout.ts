import { Type } from 'typebox'
import type { App } from '../../app-types.js'
import { checkCsrfToken, checkOrigin } from '../../csrf.js'
import { originOf } from '../../links.js'
import type { LoginContext } from './context.js'

const BODY_BYTES_MAX = 4_096

/** `POST /logout`: signs the browser out. The CSRF token is in the form of the page /login, or in the header. */
export function logout(app: App, { services: { people }, cookies, publicUrl }: LoginContext): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    done(null, new URLSearchParams(String(body)))
  })
  const schema = {
    ...{ operationId: 'logout', tags: ['login'], response: { 303: Type.Null() } },
    summary: 'Sign the browser out',
  }
  const options = { schema, bodyLimit: BODY_BYTES_MAX, config: { access: 'open' } } as const
  app.post('/logout', options, async (request, reply) => {
    const cookie = cookies.session(request)
    if (cookie !== undefined) {
      checkOrigin(request, originOf(publicUrl()))
      const header = request.headers['x-csrf-token']
      const field = request.body instanceof URLSearchParams ? request.body.get('csrf_token') : null
      checkCsrfToken(typeof header === 'string' ? header : (field ?? ''), cookie)
      await people.sessions.end(cookie)
      cookies.clearSession(reply)
    }
    return reply.redirect('/login', 303)
  })
}
