import { Type } from 'typebox'
import type { App } from '../../app-types.js'
import type { LoginContext } from './context.js'
import { ForgeParams, ReturnQuery, redirectUri } from './context.js'

/** `GET /login/:forge`: sends the browser to the forge. */
export function beginLogin(app: App, context: LoginContext): void {
  const { logins } = context.services.people
  const schema = {
    ...{
      operationId: 'beginLogin',
      tags: ['login'],
      params: ForgeParams,
      querystring: ReturnQuery,
    },
    ...{ summary: 'Go to a forge to sign in', response: { 302: Type.Null() } },
  }
  app.get('/login/:forge', { schema, config: { access: 'open' } }, async (request, reply) => {
    const { forge } = request.params
    const { location, cookie } = await logins.begin(forge, {
      redirectUri: redirectUri(context, forge),
      returnTo: request.query.return ?? '/',
    })
    context.cookies.setLogin(reply, cookie, logins.lifetimeMs)
    return reply.redirect(location, 302)
  })
}
