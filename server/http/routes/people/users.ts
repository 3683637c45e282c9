import { Type } from 'typebox'
import { userInvalid, userUnknown } from '../../../people/errors.js'
import type { App, HttpContext } from '../../app-types.js'
import { CURSOR_QUERY, pagingOf } from '../../pagination.js'
import { renderUser } from '../../render/people.js'
import { Id } from '../../schemas/scalars.js'
import { LoginParams, User, UserWithToken } from '../../schemas/people.js'
import { principalOf, userOf } from './person.js'

const Query = Type.Object(CURSOR_QUERY)
const paging = pagingOf('users', Id)

// What Drone's clients send; who came by a forge has the rest from there.
const NewUser = Type.Object(
  {
    login: Type.String({ pattern: '^[A-Za-z0-9_.][A-Za-z0-9_.-]{0,99}$', maxLength: 100 }),
    machine: Type.Optional(Type.Boolean()),
    admin: Type.Optional(Type.Boolean()),
    active: Type.Optional(Type.Boolean()),
    email: Type.Optional(Type.String({ maxLength: 320 })),
    avatar: Type.Optional(Type.String({ maxLength: 2_000 })),
  },
  { additionalProperties: false },
)

const UserPatch = Type.Object(
  { admin: Type.Optional(Type.Boolean()), active: Type.Optional(Type.Boolean()) },
  { additionalProperties: false },
)

/** `GET /api/users`: everybody, by id. */
export function listUsers(app: App, context: HttpContext): void {
  const { users } = context.services.people
  const schema = {
    ...{ operationId: 'listUsers', tags: ['users'], querystring: Query },
    ...{ summary: 'List the users', response: { 200: Type.Array(User) } },
  }
  app.get('/users', { schema, config: { access: 'admin' } }, async (request, reply) => {
    const page = paging.read(request.query)
    const rows = await users.list({
      limit: page.fetch,
      ...(page.after === null ? {} : { afterId: page.after }),
    })
    const shown = paging.show(rows, page, ({ id }) => id, { context, request, reply })
    return shown.map((user) => renderUser(user, users.isAdmin(user)))
  })
}

/** `GET /api/users/:login`: one of them. */
export function showUser(app: App, { services: { people } }: HttpContext): void {
  const schema = {
    ...{ operationId: 'showUser', tags: ['users'], params: LoginParams, response: { 200: User } },
    summary: 'Show a user',
  }
  app.get('/users/:login', { schema, config: { access: 'admin' } }, async (request) => {
    const user = await userOf(people, request.params.login)
    return renderUser(user, people.users.isAdmin(user))
  })
}

/** `POST /api/users`: adds a machine; its answer is the only one that has its token. */
export function addUser(app: App, { services: { people } }: HttpContext): void {
  const schema = {
    ...{ operationId: 'addUser', tags: ['users'], body: NewUser, response: { 200: UserWithToken } },
    summary: 'Add a machine user; its token is shown this once',
  }
  app.post('/users', { schema, config: { access: 'admin' } }, async (request) => {
    const { login, machine = false, admin = false, active = true, email, avatar } = request.body
    if (!machine) throw userInvalid("Only users with 'machine: true' are added.")
    if (!active) throw userInvalid('A machine that may not work has no use.')
    const { user, token } = await people.users.addMachine(principalOf(request), {
      ...{ login, admin },
      ...(email === undefined ? {} : { email }),
      ...(avatar === undefined ? {} : { avatar }),
    })
    return { ...renderUser(user, people.users.isAdmin(user)), token }
  })
}

/** `PATCH /api/users/:login`: makes an administrator or takes that back, shuts an account or opens it. */
export function changeUser(app: App, { services: { people } }: HttpContext): void {
  const schema = {
    ...{ operationId: 'changeUser', tags: ['users'], params: LoginParams, body: UserPatch },
    ...{ summary: 'Change a user', response: { 200: User } },
  }
  app.patch('/users/:login', { schema, config: { access: 'admin' } }, async (request) => {
    const { login } = request.params
    const found = await userOf(people, login)
    const { admin, active } = request.body
    const user = await people.users.update(principalOf(request), found.id, {
      ...(admin === undefined ? {} : { admin }),
      ...(active === undefined ? {} : { active }),
    })
    if (user === null) throw userUnknown(login)
    return renderUser(user, people.users.isAdmin(user))
  })
}

/** `DELETE /api/users/:login`: removes a user with roles, sessions and tokens. */
export function removeUser(app: App, { services: { people } }: HttpContext): void {
  const schema = {
    ...{ operationId: 'removeUser', tags: ['users'], params: LoginParams },
    ...{ summary: 'Remove a user', response: { 204: Type.Null() } },
  }
  app.delete('/users/:login', { schema, config: { access: 'admin' } }, async (request, reply) => {
    const { login } = request.params
    const { id } = await userOf(people, login)
    if (!(await people.users.remove(principalOf(request), id))) throw userUnknown(login)
    return reply.code(204).send()
  })
}
