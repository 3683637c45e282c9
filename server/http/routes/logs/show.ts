import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { SandpiperError } from '../../../../protocol/errors.js'
import type { App, HttpContext } from '../../app-types.js'
import { invalid } from '../../error-mapping.js'
import { LOG_FORMATS, negotiateLogFormat } from '../../log-stream/negotiate.js'
import type { LogFormat } from '../../log-stream/negotiate.js'
import type { LogPiece } from '../../log-stream/piece.js'
import { primed } from '../../log-stream/primed.js'
import { lastLines, readLines, readLog } from '../../log-stream/read-log.js'
import { readLastEventId } from '../../log-stream/resume.js'
import { logStream } from '../../log-stream/stream.js'
import { untilGone } from '../../log-stream/until-gone.js'
import { LogViewer } from '../../log-stream/viewer.js'
import { StepParams } from '../../schemas/params.js'
import { LOG_ANSWER } from '../../schemas/log.js'
import { Attempt, LineNumber } from './log-query.js'
import { logOf } from './log-of.js'
import type { FoundLog } from './log-of.js'

const LogQuery = Type.Object({
  follow: Type.Optional(
    Type.Boolean({ description: 'Go on while the log grows; event streams do so anyway.' }),
  ),
  attempt: Attempt,
  from: Type.Optional(LineNumber),
  to: Type.Optional(LineNumber),
  tail: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      description: 'Only so many of the last lines.',
    }),
  ),
})

type LogRequest = FastifyRequest<{
  Params: Static<typeof StepParams>
  Querystring: Static<typeof LogQuery>
}>

const SCHEMA = {
  operationId: 'showLog',
  summary: "Read or follow a step's log",
  description:
    "As text, NDJSON, Drone's JSON or server-sent events, by `Accept`; whole, or a range of its lines.",
  tags: ['logs'],
  params: StepParams,
  querystring: LogQuery,
  response: { 200: LOG_ANSWER },
}

/**
 * `GET /api/repos/:owner/:name/builds/:number/logs/:stage/:step`: a step's log as text, NDJSON, Drone's
 * JSON or server-sent events, by Accept; whole, or a range of its lines.
 */
export function showLog(app: App, context: HttpContext): void {
  const url = '/repos/:owner/:name/builds/:number/logs/:stage/:step'
  app.get(url, { schema: SCHEMA, config: { access: 'repo:read' } }, (request, reply) =>
    sendLog(context, request, reply),
  )
}

async function sendLog(context: HttpContext, request: LogRequest, reply: FastifyReply) {
  const format = negotiateLogFormat(request.headers.accept)
  if (format === null) throw notAcceptable()
  const { query } = request
  const log = await logOf(context, request.params, query.attempt)
  void reply.type(contentType(format)).headers({ vary: 'accept', 'x-accel-buffering': 'no' })
  if (request.method === 'HEAD') return reply.send()
  const hasRange = (query.from ?? query.to ?? query.tail) !== undefined
  const isFollowing = format === 'text/event-stream' || query.follow === true
  if (!isFollowing || format === 'application/json' || hasRange) {
    return reply.send(logStream(await primed(await piecesOf(context, log, query)), format))
  }
  const resume =
    format === 'text/event-stream'
      ? readLastEventId(request.headers['last-event-id'], query.attempt)
      : null
  const signal = untilGone(reply.raw, context.closing)
  // Whoever waits for a log that is empty yet is to know that it does: else they hear nothing before its first line.
  reply.raw.once('pipe', () => reply.raw.flushHeaders())
  const { address, state } = log
  return reply.send(new LogViewer({ hub: context.logs, address, state, format, resume, signal }))
}

async function piecesOf(
  { logs, services }: HttpContext,
  { ref }: FoundLog,
  { from, to, tail }: Static<typeof LogQuery>,
): Promise<AsyncIterable<LogPiece>> {
  if (tail !== undefined) {
    if ((from ?? to) !== undefined) throw invalid("'tail' does not go with 'from' and 'to'.")
    return readLines(logs, ref, await lastLines(logs, ref, tail))
  }
  if (from === undefined && to === undefined) return readLog(services.logs.store, ref)
  return readLines(logs, ref, { from: from ?? 1, to: to ?? Number.MAX_SAFE_INTEGER })
}

function contentType(format: LogFormat): string {
  return format === 'text/plain' ? 'text/plain; charset=utf-8' : format
}

function notAcceptable(): SandpiperError {
  return new SandpiperError('SP_HTTP_NOT_ACCEPTABLE', 'A log is not to be had in that format.', {
    hint: `Accept one of ${LOG_FORMATS.join(', ')}.`,
  })
}
