import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { SandpiperError } from '../../../../protocol/errors.js'
import type { App, HttpContext } from '../../app-types.js'
import { lengthOf, readRange, sliceOf } from '../../log-stream/byte-range.js'
import { primed } from '../../log-stream/primed.js'
import { readLog } from '../../log-stream/read-log.js'
import { textOf } from '../../log-stream/text.js'
import { StepParams } from '../../schemas/params.js'
import { Attempt, Stream } from './log-query.js'
import { logOf, shownIn } from './log-of.js'
import type { FoundLog } from './log-of.js'

/** Ranges of a longer log's text are not to be had: where they are is known only after making it. */
const RANGED_LOG_BYTES_MAX = 64 * 1024 * 1024

const Query = Type.Object({
  format: Type.Optional(
    Type.Union([Type.Literal('text'), Type.Literal('ndjson')], {
      description: 'Text, unless the records themselves are wanted, always all of them.',
    }),
  ),
  timestamps: Type.Optional(
    Type.Boolean({ description: 'Begin each line of text with its time.' }),
  ),
  ansi: Type.Optional(
    Type.Boolean({
      description: 'Keep the control sequences of terminals in the text; yes unless `false`.',
    }),
  ),
  stream: Stream,
  attempt: Attempt,
})

type DownloadRequest = FastifyRequest<{
  Params: Static<typeof StepParams>
  Querystring: Static<typeof Query>
}>

const SCHEMA = {
  operationId: 'downloadLog',
  summary: "Download a step's log as a file",
  description: 'As it is now. One range of bytes may be asked for; gzip by `Accept-Encoding`.',
  tags: ['logs'],
  params: StepParams,
  querystring: Query,
  response: {
    200: { description: 'The file.', content: { 'text/plain': { schema: Type.String() } } },
    206: { description: 'A part.', content: { 'text/plain': { schema: Type.String() } } },
  },
}

/** `GET /api/repos/:owner/:name/builds/:number/logs/:stage/:step/download`: the log as a file. */
export function downloadLog(app: App, context: HttpContext): void {
  const url = '/repos/:owner/:name/builds/:number/logs/:stage/:step/download'
  app.get(url, { schema: SCHEMA, config: { access: 'repo:read' } }, (request, reply) =>
    sendFile(context, request, reply),
  )
}

async function sendFile(context: HttpContext, request: DownloadRequest, reply: FastifyReply) {
  const { query } = request
  const log = await logOf(context, request.params, query.attempt)
  const size = await context.services.logs.store.size(log.ref)
  void reply.headers({
    'content-type':
      query.format === 'ndjson' ? 'application/x-ndjson' : 'text/plain; charset=utf-8',
    'content-disposition': `attachment; filename="${fileName(log, query)}"`,
    vary: 'accept-encoding',
    'x-accel-buffering': 'no',
    ...(log.state.end !== null && { etag: etagOf(log, size, query) }),
  })
  if (request.method === 'HEAD') return reply.send()
  const chunks = chunksOf(context, log, query, size)
  const isWhole = size > RANGED_LOG_BYTES_MAX && query.format !== 'ndjson'
  const ranged = isWhole ? null : await rangeOf(request, reply, chunks)
  if (ranged !== null) return reply.send(Readable.from(ranged, { objectMode: false }))
  const file = Readable.from(await primed(chunks()), { objectMode: false })
  if (!takesGzip(request.headers['accept-encoding'])) return reply.send(file)
  void reply.header('content-encoding', 'gzip')
  const gzip = createGzip()
  // `pipe` tells neither end of the other's failure.
  file.once('error', (error) => gzip.destroy(error))
  gzip.once('close', () => file.destroy())
  return reply.send(file.pipe(gzip))
}

/** The part that is asked for, with its headers; null when the whole is to be sent. */
async function rangeOf(
  request: DownloadRequest,
  reply: FastifyReply,
  chunks: () => AsyncIterable<Buffer>,
): Promise<AsyncIterable<Buffer> | null> {
  const { range: header, 'if-range': ifRange } = request.headers
  void reply.header('accept-ranges', 'bytes')
  if (header === undefined) return null
  if (ifRange !== undefined && ifRange !== reply.getHeader('etag')) return null
  const size = await lengthOf(chunks())
  const range = readRange(header, size)
  if (range === null) return null
  if (range === 'unsatisfiable') {
    void reply.header('content-range', `bytes */${size}`)
    throw new SandpiperError(
      'SP_LOG_RANGE',
      `The log has ${size} bytes, none of them in that range.`,
      {
        hint: 'Ask again without a Range header, or for a part that is there.',
      },
    )
  }
  void reply.code(206).headers({
    'content-range': `bytes ${range.from}-${range.to - 1}/${size}`,
    'content-length': range.to - range.from,
  })
  return sliceOf(chunks(), range)
}

/** What makes the file; each time anew, from the same `size` bytes of the log. */
function chunksOf(
  { services }: HttpContext,
  log: FoundLog,
  { format, timestamps = false, ansi = true, stream }: Static<typeof Query>,
  size: number,
): () => AsyncIterable<Buffer> {
  const { store } = services.logs
  if (format === 'ndjson') return () => store.read(log.ref, 0, size)
  const timesFrom = timestamps ? startOf(log) : null
  return () => textOf(readLog(store, log.ref, size), { ansi, timesFrom, stream })
}

/** When the step started: times of an older attempt are from 1970 on, as nothing else is known. */
function startOf(log: FoundLog): number {
  const { stage, step } = shownIn(log)
  return stage?.attempt === log.state.attempt ? (step?.started ?? 0) : 0
}

/** Of letters, digits, dots and dashes only, whatever is in the names. */
function fileName(log: FoundLog, { format }: Static<typeof Query>): string {
  const { repo, address } = log
  const { stage, step } = shownIn(log)
  const names = [repo.owner, repo.name, address.buildNumber, stage?.name, step?.name]
  const safe = names.map((name) =>
    String(name ?? '')
      .replace(/[^A-Za-z0-9.-]+/g, '_')
      .slice(0, 60),
  )
  return `${safe.join('-').replace(/^\.+/, '')}.${format === 'ndjson' ? 'ndjson' : 'log'}`
}

function etagOf({ ref, state }: FoundLog, size: number, query: Static<typeof Query>): string {
  const { format = 'text', timestamps = false, ansi = true, stream = 'all' } = query
  const style = [format, timestamps, ansi, stream].join('.')
  return `"${ref.stageId}.${state.attempt}.${ref.step}.${size}.${style}"`
}

/** Whether gzip is among what is accepted, and not with a quality of 0. */
function takesGzip(header: string | string[] | undefined): boolean {
  const text = Array.isArray(header) ? header.join(',') : (header ?? '')
  return text.split(',').some((coding) => {
    const [name, quality = 'q=1'] = coding.split(';').map((part) => part.trim().toLowerCase())
    return name === 'gzip' && !/^q=0(?:\.0*)?$/.test(quality)
  })
}
