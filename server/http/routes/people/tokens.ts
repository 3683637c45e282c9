import { Type } from 'typebox'
import { SandpiperError } from '../../../../protocol/errors.js'
import { tokenInvalid } from '../../../people/errors.js'
import type { Principal } from '../../../people/principal.js'
import type { NewToken as TokenRequest } from '../../../people/types.js'
import type { App, HttpContext } from '../../app-types.js'
import { renderToken } from '../../render/people.js'
import { IdParams, NewToken, RoleName, Token } from '../../schemas/people.js'
import { personOf } from './person.js'

const Body = Type.Object(
  {
    name: Type.String({ pattern: '^[^\\p{Cc}]+$', minLength: 1, maxLength: 100 }),
    scope: Type.Optional(RoleName),
    expires: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 253_402_300_799,
        description: 'Unix time in seconds; 0, or nothing: never.',
      }),
    ),
  },
  { additionalProperties: false },
)

/** `GET /api/user/tokens`: one's tokens, without what they are. */
export function listTokens(app: App, { services: { people } }: HttpContext): void {
  const schema = {
    ...{ operationId: 'listTokens', tags: ['user'], response: { 200: Type.Array(Token) } },
    summary: 'List your access tokens, by name',
  }
  app.get('/user/tokens', { schema, config: { access: 'user' } }, async (request) =>
    (await people.tokens.list(personOf(request).userId)).map(renderToken),
  )
}

/** `POST /api/user/tokens`: makes one; its answer is the only one that has it. */
export function createToken(app: App, { services: { people } }: HttpContext): void {
  const schema = {
    ...{ operationId: 'createToken', tags: ['user'], body: Body, response: { 201: NewToken } },
    summary: 'Make an access token; it is shown this once',
  }
  app.post('/user/tokens', { schema, config: { access: 'user' } }, async (request, reply) => {
    const principal = personOf(request)
    const { name, scope = 'read', expires = 0 } = request.body
    const wanted = { name, scope, expires: expires * 1_000 }
    checkReach(principal, wanted)
    const { token, secret } = await people.tokens.create(principal, wanted)
    return reply.code(201).send({ ...renderToken(token), token: secret })
  })
}

/** `DELETE /api/user/tokens/:id`: revokes one. */
export function revokeToken(app: App, { services: { people } }: HttpContext): void {
  const schema = {
    ...{ operationId: 'revokeToken', tags: ['user'], params: IdParams },
    ...{ summary: 'Revoke an access token', response: { 204: Type.Null() } },
  }
  app.delete('/user/tokens/:id', { schema, config: { access: 'user' } }, async (request, reply) => {
    const { id } = request.params
    if (!(await people.tokens.revoke(personOf(request), id))) throw unknownToken(id)
    return reply.code(204).send()
  })
}

/**
 * A token that ends must not live on in one that it makes.
 * @throws SandpiperError SP_TOKEN_INVALID
 */
export function checkReach({ via, expires = 0 }: Principal, wanted: TokenRequest): void {
  if (wanted.expires !== 0 && wanted.expires <= Date.now()) {
    throw tokenInvalid("'expires' is in the past.", 'Give a Unix time in seconds that is to come.')
  }
  const isLonger = wanted.expires === 0 || wanted.expires > expires
  if (via === 'session' || expires === 0 || !isLonger) return
  throw tokenInvalid(
    'A token can make none that lives longer than itself.',
    "Give an 'expires' that is not after its own, or sign in with a browser.",
  )
}

function unknownToken(id: number): SandpiperError {
  return new SandpiperError('SP_TOKEN_UNKNOWN', `You have no token ${id}.`, {
    hint: "'sandpiper token ls' shows your tokens.",
  })
}
