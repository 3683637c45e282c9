import { Type } from 'typebox'

const DroneLine = Type.Object(
  {
    pos: Type.Integer(),
    out: Type.String(),
    time: Type.Integer(),
    stream: Type.Optional(Type.String()),
  },
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

const Count = Type.Integer({ minimum: 0 })

/** What a search found. */
export const SearchAnswer = Type.Object(
  {
    matches: Type.Array(
      Type.Object({
        line: Type.Integer({ minimum: 1 }),
        time_ms: Count,
        stream: Type.String(),
        text: Type.String(),
        text_start: Count,
        columns: Type.Array(Type.Object({ start: Count, end: Count })),
        before: Type.Array(Type.String()),
        after: Type.Array(Type.String()),
      }),
    ),
    next: Type.Union([Type.String(), Type.Null()]),
  },
  { title: 'LogMatches' },
)

/** The commands of a step as they ran. */
export const SectionsAnswer = Type.Object(
  {
    sections: Type.Array(
      Type.Object({
        command: Type.String(),
        number: Type.Integer({ minimum: 1 }),
        first_line: Type.Integer({ minimum: 1 }),
        last_line: Count,
        started_ms: Count,
        finished_ms: Type.Union([Count, Type.Null()]),
        exit_code: Type.Union([Type.Integer(), Type.Null()]),
      }),
    ),
    truncated: Type.Boolean(),
  },
  { title: 'LogSections' },
)
