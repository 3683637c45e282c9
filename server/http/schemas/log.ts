import { Type } from 'typebox'

const DroneLine = Type.Object(
  { pos: Type.Integer(), out: Type.String(), time: Type.Integer() },
  { title: 'LogLine' },
)

/** A log in each of its formats, for `response` of a route. */
export const LOG_ANSWER = {
  description: 'The log.',
  content: {
    'text/plain': { schema: Type.String() },
    'application/x-ndjson': { schema: Type.String() },
    'application/json': { schema: Type.Array(DroneLine) },
    'text/event-stream': { schema: Type.String() },
  },
}
