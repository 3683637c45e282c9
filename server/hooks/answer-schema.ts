import { Type } from 'typebox'

/** What the sender of a delivery gets, as `HookAnswer`. */
export const HookAnswer = Type.Object(
  {
    delivery: Type.String(),
    event: Type.String(),
    repo: Type.Union([Type.String(), Type.Null()]),
    duplicate: Type.Boolean(),
    reason: Type.String({ description: 'Why no build was made; empty when one was.' }),
    id: Type.Optional(Type.Integer()),
    number: Type.Optional(Type.Integer()),
    status: Type.Optional(Type.String()),
    link: Type.Optional(Type.String()),
  },
  { title: 'HookAnswer' },
)
