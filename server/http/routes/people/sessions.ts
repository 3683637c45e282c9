import { Type } from 'typebox'
import { SandpiperError } from '../../../../protocol/errors.js'
import type { App, HttpContext } from '../../app-types.js'
import { renderSession } from '../../render/people.js'
import { IdParams, Session } from '../../schemas/people.js'
import { personOf } from './person.js'

/** `GET /api/user/sessions`: the browsers that are signed in as one. */
export function listSessions(app: App, { services: { people } }: HttpContext): void {
  const schema = {
    ...{ operationId: 'listSessions', tags: ['user'], response: { 200: Type.Array(Session) } },
    summary: 'List the browsers that are signed in as you, those that were used last first',
  }
  app.get('/user/sessions', { schema, config: { access: 'user' } }, async (request) => {
    const { userId, via, proofId = 0 } = personOf(request)
    const currentId = via === 'session' ? proofId : 0
    return (await people.sessions.list(userId)).map((one) => renderSession(one, currentId))
  })
}

/** `DELETE /api/user/sessions/:id`: signs a browser out. */
export function revokeSession(app: App, { services: { people } }: HttpContext): void {
  const schema = {
    ...{ operationId: 'revokeSession', tags: ['user'], params: IdParams },
    ...{ summary: 'Sign a browser out', response: { 204: Type.Null() } },
  }
  const url = '/user/sessions/:id'
  app.delete(url, { schema, config: { access: 'user' } }, async (request, reply) => {
    const { id } = request.params
    if (!(await people.sessions.revoke(personOf(request).userId, id))) throw unknownSession(id)
    return reply.code(204).send()
  })
}

/** `DELETE /api/user/sessions`: signs every browser out. */
export function revokeSessions(app: App, { services: { people } }: HttpContext): void {
  const schema = {
    ...{ operationId: 'revokeSessions', tags: ['user'], response: { 204: Type.Null() } },
    summary: 'Sign every browser out',
  }
  app.delete('/user/sessions', { schema, config: { access: 'user' } }, async (request, reply) => {
    await people.sessions.revokeAll(personOf(request).userId)
    return reply.code(204).send()
  })
}

function unknownSession(id: number): SandpiperError {
  return new SandpiperError('SP_SESSION_UNKNOWN', `You have no session ${id}.`, {
    hint: 'GET /api/user/sessions lists them.',
  })
}
