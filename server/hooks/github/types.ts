import { Type } from 'typebox'

/** A text that may be null or absent. */
export const NullableString = Type.Optional(Type.Union([Type.Null(), Type.String()]))

/** Author of a commit. */
export const Person = Type.Object({
  name: NullableString,
  email: NullableString,
  username: NullableString,
})

/** An account. */
export const Sender = Type.Object({ login: Type.String(), avatar_url: NullableString })
