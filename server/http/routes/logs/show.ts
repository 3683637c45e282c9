import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { SandpiperError } from '../../../../protocol/errors.js'
import type { App, HttpContext } from '../../app-types.js'
import { followLog, readLog } from '../../log-stream/follow.js'
import type { LogReading } from '../../log-stream/follow.js'
import { LOG_FORMATS, negotiateLogFormat } from '../../log-stream/negotiate.js'
import type { LogFormat } from '../../log-stream/negotiate.js'
import { readLastEventId } from '../../log-stream/resume.js'
import { stepState } from '../../log-stream/source.js'
import { logStream } from '../../log-stream/stream.js'
import { untilGone } from '../../log-stream/until-gone.js'
import { buildOf, unknownStep } from '../../lookup.js'
import { StepParams } from '../../schemas/params.js'
import { LOG_ANSWER } from '../../schemas/log.js'

const LogQuery = Type.Object({
  follow: Type.Optional(Type.Boolean()),
  attempt: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
})

type LogRequest = FastifyRequest<{
  Params: Static<typeof StepParams>
  Querystring: Static<typeof LogQuery>
}>

/**
 * `GET /api/repos/:owner/:name/builds/:number/logs/:stage/:step`: a step's log as text, NDJSON, Drone's
 * JSON or server-sent events, by Accept.
 */
export function showLog(app: App, context: HttpContext): void {
  const schema = {
    operationId: 'showLog',
    summary: "Read or follow a step's log",
    description: "As text, NDJSON, Drone's JSON or server-sent events, by `Accept`.",
    tags: ['logs'],
    params: StepParams,
    querystring: LogQuery,
    response: { 200: LOG_ANSWER },
  }
  const url = '/repos/:owner/:name/builds/:number/logs/:stage/:step'
  app.get(url, { schema, config: { access: 'repo:read' } }, (request, reply) =>
    sendLog(context, request, reply),
  )
}

async function sendLog(context: HttpContext, request: LogRequest, reply: FastifyReply) {
  const format = negotiateLogFormat(request.headers.accept)
  if (format === null) throw notAcceptable()
  const reading = await readingOf(context, request)
  void reply.type(contentType(format)).headers({ vary: 'accept', 'x-accel-buffering': 'no' })
  if (request.method === 'HEAD') return reply.send()
  const isFollowing = format === 'text/event-stream' || request.query.follow === true
  if (!isFollowing || format === 'application/json') {
    return reply.send(logStream(readLog(reading), format))
  }
  const resume = format === 'text/event-stream' ? resumeOf(request) : null
  const signal = untilGone(reply.raw, context.closing)
  return reply.send(logStream(followLog({ ...reading, resume }, context.follow, signal), format))
}

async function readingOf(context: HttpContext, request: LogRequest): Promise<LogReading> {
  const { services } = context
  const { params, query } = request
  const { repo, detail } = await buildOf(services, params)
  const address = {
    repo,
    buildNumber: detail.build.number,
    stageNumber: params.stage,
    stepNumber: params.step,
    attempt: query.attempt,
  }
  const state = await stepState(services, address)
  if (state === null) throw unknownStep(params, query.attempt)
  return { services, address, state, resume: null }
}

function resumeOf({ headers, query }: LogRequest) {
  return readLastEventId(headers['last-event-id'], query.attempt)
}

function contentType(format: LogFormat): string {
  return format === 'text/plain' ? 'text/plain; charset=utf-8' : format
}

function notAcceptable(): SandpiperError {
  return new SandpiperError('SP_HTTP_NOT_ACCEPTABLE', 'A log is not to be had in that format.', {
    hint: `Accept one of ${LOG_FORMATS.join(', ')}.`,
  })
}
