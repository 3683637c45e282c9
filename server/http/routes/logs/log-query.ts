import { Type } from 'typebox'
import { LOG_STREAMS } from '../../../../protocol/log-record.js'

/** `?attempt=`: which attempt at the stage, when not the current one. */
export const Attempt = Type.Optional(
  Type.Integer({
    minimum: 1,
    maximum: 999_999_999,
    description: 'Which attempt at the stage; the current one when absent.',
  }),
)

/** `?stream=`: what the step wrote to one of its outputs alone. */
export const Stream = Type.Optional(
  Type.Union(
    LOG_STREAMS.map((stream) => Type.Literal(stream)),
    { description: 'Only what the step wrote there; everything when absent.' },
  ),
)

/** Number of a line, from 1. */
export const LineNumber = Type.Integer({ minimum: 1, maximum: 1_000_000_000_000 })
