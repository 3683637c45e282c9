import { Type } from 'typebox'
import type { TSchema } from 'typebox'

/** Something that may be null or absent. */
export const nullable = <T extends TSchema>(schema: T) =>
  Type.Optional(Type.Union([Type.Null(), schema]))

/** A text that may be null or absent. */
export const NullableString = nullable(Type.String())

/** A truth value that may be null or absent. */
export const NullableBoolean = nullable(Type.Boolean())

/** The forge's id of a repo or a project. */
export const NullableId = nullable(Type.Union([Type.Integer(), Type.String()]))

/** Number of a pull request. */
export const ChangeNumber = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })

/** Author of a commit. */
export const Person = Type.Object({
  name: NullableString,
  email: NullableString,
  username: NullableString,
})

/** An account on GitHub, Gitea or Forgejo. */
export const Account = Type.Object({
  login: NullableString,
  username: NullableString,
  full_name: NullableString,
  email: NullableString,
  avatar_url: NullableString,
})
