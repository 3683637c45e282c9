import { Type } from 'typebox'
import type { Static } from 'typebox'

/** JSON that a sender gets for a delivery that was taken in. */
export const HookAnswer = Type.Object(
  {
    delivery: Type.String(),
    event: Type.String(),
    repo: Type.String(),
    duplicate: Type.Boolean({
      description: 'It was here before; the rest is what the first one got.',
    }),
    reason: Type.String({ description: 'Why no build was made; empty when one was.' }),
    id: Type.Optional(Type.Integer()),
    number: Type.Optional(Type.Integer()),
    status: Type.Optional(Type.String()),
    link: Type.Optional(Type.String()),
    builds: Type.Optional(
      Type.Array(Type.Object({ id: Type.Integer(), number: Type.Integer(), link: Type.String() }), {
        description: 'Every build, where the delivery made more than one.',
      }),
    ),
  },
  { title: 'HookAnswer' },
)
export type HookAnswer = Static<typeof HookAnswer>
