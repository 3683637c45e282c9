import { Type } from 'typebox'

/** `?attempt=`: which attempt at the stage, when not the current one. */
export const Attempt = Type.Optional(
  Type.Integer({
    minimum: 1,
    maximum: 999_999_999,
    description: 'Which attempt at the stage; the current one when absent.',
  }),
)

/** Number of a line, from 1. */
export const LineNumber = Type.Integer({ minimum: 1, maximum: 1_000_000_000_000 })
