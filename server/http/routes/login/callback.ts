import { Type } from 'typebox'
import type { App } from '../../app-types.js'
import type { LoginContext } from './context.js'
import { ForgeParams } from './context.js'

/** `GET /login/:forge/callback`: where the forge sends the browser back; it is signed in then. */
export function finishLogin(app: App, { services: { people }, cookies }: LoginContext): void {
  const schema = {
    ...{ operationId: 'finishLogin', tags: ['login'], params: ForgeParams },
    ...{ summary: 'Come back from a forge, signed in', response: { 303: Type.Null() } },
  }
  const url = '/login/:forge/callback'
  app.get(url, { schema, config: { access: 'open' } }, async (request, reply) => {
    const cookie = cookies.login(request) ?? ''
    // Good for one try, whatever comes of it.
    cookies.clearLogin(reply)
    const query = request.url.slice(request.url.indexOf('?') + 1)
    const { forge } = request.params
    const { user, returnTo } = await people.logins.complete(forge, { query, cookie })
    const before = cookies.session(request)
    const agent = request.headers['user-agent'] ?? ''
    const value = await people.sessions.start(user.id, {
      agent,
      ...(before === undefined ? {} : { cookie: before }),
    })
    cookies.setSession(reply, value)
    return reply.redirect(returnTo, 303)
  })
}
