import { Type } from 'typebox'
import type { App, HttpContext } from '../../app-types.js'
import { Key } from '../../schemas/key.js'

const Body = Type.Object(
  {
    new_key: Type.Optional(
      Type.Boolean({ description: 'Default true; false only finishes an earlier rotation.' }),
    ),
    remove_old: Type.Optional(
      Type.Boolean({ description: 'Take keys that nothing needs out of the file.' }),
    ),
  },
  { additionalProperties: false },
)

const Rotation = Type.Object({
  keys: Type.Array(Key),
  rewrapped: Type.Integer({ description: 'Values that got the current key.' }),
  unreadable: Type.Integer({ description: 'Values that no key opens.' }),
})

/** `POST /api/keys/rotate`: makes a new key and puts everything that is sealed under it. */
export function rotateKeys(app: App, { services }: HttpContext): void {
  const schema = {
    operationId: 'rotateKeys',
    summary: 'Make a new key and put everything that is sealed under it',
    tags: ['keys'],
    body: Body,
    response: { 200: Rotation },
  }
  app.post('/keys/rotate', { schema, config: { access: 'admin' } }, async (request) => {
    const { new_key: newKey = true, remove_old: removeOld = false } = request.body
    const wishes = { newKey, removeOld }
    const { keys, ...done } = await services.secrets.keys.rotate(request.principal, wishes)
    return { keys: [...keys], ...done }
  })
}
