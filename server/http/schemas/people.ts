import { Type } from 'typebox'
import { Id, Seconds } from './scalars.js'

/** What somebody may do with a repo. */
export const RoleName = Type.Union([
  Type.Literal('read'),
  Type.Literal('write'),
  Type.Literal('admin'),
])

/** A login, with the forge in front where several forges have it: `github:ada`. */
export const Login = Type.String({ pattern: '^[A-Za-z0-9_.:-]{1,120}$', maxLength: 120 })

const USER = {
  id: Id,
  login: Type.String(),
  name: Type.String(),
  email: Type.String(),
  avatar_url: Type.String(),
  forge: Type.String({ description: 'Kind of the forge of the account; empty for a machine.' }),
  active: Type.Boolean(),
  admin: Type.Boolean(),
  machine: Type.Boolean(),
  syncing: Type.Boolean(),
  synced: Seconds,
  created: Seconds,
  updated: Seconds,
  last_login: Seconds,
} as const

/** A user, with Drone's fields. */
export const User = Type.Object(USER, { title: 'User' })

/** A user whose token is shown this once. */
export const UserWithToken = Type.Object(
  { ...USER, token: Type.String() },
  { title: 'UserWithToken' },
)

/** Who is signed in. */
export const Self = Type.Object(
  {
    ...USER,
    csrf_token: Type.Optional(
      Type.String({ description: 'For the header `X-CSRF-Token`; only for a signed-in browser.' }),
    ),
  },
  { title: 'Self' },
)

const TOKEN = {
  id: Id,
  name: Type.String(),
  scope: RoleName,
  created: Seconds,
  expires: Type.Integer({ description: 'Unix time in seconds; 0: never.' }),
  last_used: Seconds,
} as const

/** A personal access token. */
export const Token = Type.Object(TOKEN, { title: 'Token' })

/** A personal access token that was just made. */
export const NewToken = Type.Object({ ...TOKEN, token: Type.String() }, { title: 'NewToken' })

/** A browser that is signed in. */
export const Session = Type.Object(
  {
    id: Id,
    agent: Type.String(),
    created: Seconds,
    last_seen: Seconds,
    expires: Seconds,
    current: Type.Boolean({ description: 'Whether it is the one that asks.' }),
  },
  { title: 'Session' },
)

/** A role that was given by hand. */
export const Member = Type.Object(
  { id: Id, login: Type.String(), role: RoleName },
  { title: 'Member' },
)

/** `/.../:id`. */
export const IdParams = Type.Object({ id: Type.Integer({ minimum: 1, maximum: 2_147_483_647 }) })

/** `/users/:login`. */
export const LoginParams = Type.Object({ login: Login })
