import { Type } from 'typebox'
import { matcherOf, PatternError, SEARCH_TEXT_MAX } from '../../../logs/log-matcher.js'
import type { LogMatcher, SearchQuery } from '../../../logs/log-matcher.js'
import { searchLog } from '../../../logs/search-log.js'
import type { LogMatch } from '../../../logs/search-log.js'
import type { App, HttpContext } from '../../app-types.js'
import { invalid } from '../../error-mapping.js'
import { untilGone } from '../../log-stream/until-gone.js'
import { linkNext } from '../../pagination.js'
import { SearchAnswer } from '../../schemas/log.js'
import { StepParams } from '../../schemas/params.js'
import { Attempt, Stream } from './log-query.js'
import { logOf } from './log-of.js'

const LIMIT = { default: 100, max: 500 } as const

const Query = Type.Object({
  q: Type.String({ minLength: 1, maxLength: SEARCH_TEXT_MAX, description: 'What to look for.' }),
  regex: Type.Optional(Type.Boolean({ description: 'Whether it is a regular expression (RE2).' })),
  case: Type.Optional(Type.Boolean({ description: 'Whether upper and lower case differ.' })),
  context: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 5, description: 'Lines to show around each match.' }),
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: LIMIT.max })),
  cursor: Type.Optional(
    Type.String({ pattern: '^[1-9][0-9]{0,12}$', description: '`next` of the answer before.' }),
  ),
  stream: Stream,
  attempt: Attempt,
})

const SCHEMA = {
  operationId: 'searchLog',
  summary: "Search a step's log",
  description:
    'Lines that match, without the control sequences of terminals. One answer is the work of a moment; `next` says where to go on, also when nothing was found yet.',
  tags: ['logs'],
  params: StepParams,
  querystring: Query,
  response: { 200: SearchAnswer },
}

/** `GET /api/repos/:owner/:name/builds/:number/logs/:stage/:step/search?q=`: the lines that match. */
export function searchLogs(app: App, context: HttpContext): void {
  const url = '/repos/:owner/:name/builds/:number/logs/:stage/:step/search'
  app.get(url, { schema: SCHEMA, config: { access: 'repo:read' } }, async (request, reply) => {
    const { query } = request
    const matcher = readMatcher({
      q: query.q,
      regex: query.regex ?? false,
      caseSensitive: query.case ?? false,
    })
    const { ref } = await logOf(context, request.params, query.attempt)
    const { services, logs } = context
    const search = {
      matcher,
      stream: query.stream,
      from: Number(query.cursor ?? 1),
      limit: query.limit ?? LIMIT.default,
      context: query.context ?? 0,
    }
    const gone = untilGone(reply.raw, context.closing)
    const { matches, next } = await logs.searches.do(gone, () =>
      searchLog(services.logs.store, logs.indexes, ref, search),
    )
    if (next !== null) linkNext({ context, request, reply }, String(next))
    return { matches: matches.map(rendered), next: next === null ? null : String(next) }
  })
}

function readMatcher(query: SearchQuery): LogMatcher {
  try {
    return matcherOf(query)
  } catch (error) {
    if (error instanceof PatternError) {
      throw invalid(`'q' in the query is no expression that can be searched for: ${error.message}.`)
    }
    throw error
  }
}

function rendered(match: LogMatch) {
  const { line, timeMs, stream, text, textStart, columns, before, after } = match
  return { line, time_ms: timeMs, stream, text, text_start: textStart, columns, before, after }
}
