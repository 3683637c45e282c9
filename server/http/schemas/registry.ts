import { Type } from 'typebox'
import { RULE_LENGTH_MAX, SECRET_BYTES_MAX } from '../../secrets/limits.js'
import { Id, Seconds } from './scalars.js'

/** `HOST[:PORT]`, as names of images begin. */
export const RegistryAddress = Type.String({ minLength: 1, maxLength: 255 })

const Username = Type.String({ minLength: 1, maxLength: RULE_LENGTH_MAX })
const Password = Type.String({ minLength: 1, maxLength: SECRET_BYTES_MAX })
const Forks = Type.Boolean({ description: 'Images of builds of forks are pulled with it too.' })

/** A registry login to be kept. */
export const NewRegistry = Type.Object(
  {
    address: RegistryAddress,
    username: Username,
    password: Password,
    forks: Type.Optional(Forks),
  },
  { additionalProperties: false },
)

/** What is to be changed of one. */
export const RegistryChange = Type.Object(
  {
    address: Type.Optional(RegistryAddress),
    username: Type.Optional(Username),
    password: Type.Optional(Password),
    forks: Type.Optional(Forks),
  },
  { additionalProperties: false },
)

/** A registry login as `renderRegistry` makes it: without its password. */
export const Registry = Type.Object(
  {
    id: Id,
    repo_id: Id,
    namespace: Type.String(),
    address: Type.String(),
    username: Type.String(),
    forks: Type.Boolean(),
    created: Seconds,
    updated: Seconds,
  },
  { title: 'Registry' },
)
