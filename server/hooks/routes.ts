import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { SandpiperError } from '../../protocol/errors.js'
import type { App, HttpContext } from '../http/app-types.js'
import { pageLink } from '../links.js'
import { HookAnswer } from './answer-schema.js'
import { answerHook } from './answer.js'
import type { ServerServices } from '../services.js'
import { FORMATS } from './formats.js'
import { keepRawBody, refuseLargeBody } from './raw-body.js'
import type { HookFormat } from './reading.js'
import { noteRefusal } from './note-refusal.js'
import { receiveHook } from './receive.js'
import type { IncomingHook } from './receive.js'
import { readSignature } from './signature.js'
import type { SignatureScheme } from './signature.js'

const HookQuery = Type.Object({ repo: Type.Optional(Type.String({ maxLength: 300 })) })

/** `POST /hooks/git`, `/hooks/github` and so on, one for each kind of sender. */
export function hookRoutes(app: App, context: HttpContext): void {
  keepRawBody(app, context.bodyBytesMax)
  const { traffic } = context.services
  app.addHook('onRequest', (_request, reply, done) => {
    traffic.begin()
    // Whichever way it ends.
    reply.raw.once('close', () => traffic.end())
    done()
  })
  for (const format of FORMATS) hookRoute(app, context, format)
}

function hookRoute(app: App, context: HttpContext, format: HookFormat): void {
  const { services } = context
  app.post(
    `/hooks/${format.forge}`,
    {
      schema: {
        operationId: `${format.forge.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())}Hook`,
        summary: `Take a webhook of ${format.forge}`,
        tags: ['hooks'],
        querystring: HookQuery,
        response: { 200: HookAnswer, 202: HookAnswer },
      },
      config: { access: 'hook' },
      onRequest: [refuseLargeBody(context.bodyBytesMax), requireSignature(services, format)],
    },
    async (request, reply) => {
      const hook = incomingHook(request, format, reply.elapsedTime)
      const received = await receiveHook(services, format, hook).catch(async (error: unknown) => {
        await noteRefusal(services, format, hook, error)
        throw error
      })
      const linkOf = (slug: string, number: number) =>
        pageLink(context.publicUrl(), { slug, number })
      const { statusCode, answer } = answerHook(received, linkOf)
      const { repo, duplicate, reason } = answer
      const buildIds = received.result.builds.map(({ id }) => id)
      request.log.info({ repo, duplicate, reason, buildIds }, 'a webhook was taken')
      return reply.code(statusCode).send(answer)
    },
  )
}

type HookRequest = FastifyRequest<{ Querystring: Static<typeof HookQuery> }>

function incomingHook(request: HookRequest, format: HookFormat, elapsedMs: number): IncomingHook {
  const { headers, body } = request
  // Before the query is checked there may be several, or none.
  const { repo } = request.query as { readonly repo?: unknown }
  return {
    arrived: Date.now() - Math.round(elapsedMs),
    headers,
    body: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
    claim: readSignature(headers, format.scheme) ?? Buffer.alloc(0),
    namedRepo: typeof repo === 'string' ? repo : undefined,
  }
}

/** Turns away what can't be right before its body is read. */
function requireSignature(services: ServerServices, format: HookFormat) {
  return async (request: HookRequest, reply: FastifyReply): Promise<void> => {
    if (readSignature(request.headers, format.scheme) !== null) return
    const error = unsigned(format.scheme)
    await noteRefusal(services, format, incomingHook(request, format, reply.elapsedTime), error)
    throw error
  }
}

function unsigned({ headers, form }: SignatureScheme): SandpiperError {
  return new SandpiperError(
    'SP_HOOK_UNSIGNED',
    `The delivery has no signature: header '${headers.join("' or '")}' ${form}.`,
    {
      hint: "Put the secret that 'sandpiper repo add' printed into the webhook's settings; 'GET /api/repos/OWNER/NAME/hook-secret' shows it again.",
    },
  )
}
