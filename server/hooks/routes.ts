import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { SandpiperError } from '../../protocol/errors.js'
import type { App, HttpContext } from '../http/app-types.js'
import { pageLink } from '../links.js'
import { HookAnswer } from './answer-schema.js'
import { answerHook } from './answer.js'
import { gitFormat } from './git/format.js'
import { githubFormat } from './github/format.js'
import { keepRawBody, refuseLargeBody } from './raw-body.js'
import type { HookFormat } from './reading.js'
import { receiveHook } from './receive.js'
import { readSignature } from './signature.js'

const HookQuery = Type.Object({ repo: Type.Optional(Type.String({ maxLength: 300 })) })

/** `POST /hooks/git` and `POST /hooks/github`. */
export function hookRoutes(app: App, context: HttpContext): void {
  keepRawBody(app, context.bodyBytesMax)
  for (const format of [gitFormat, githubFormat]) hookRoute(app, context, format)
}

function hookRoute(app: App, context: HttpContext, format: HookFormat): void {
  app.post(
    `/hooks/${format.forge}`,
    {
      schema: {
        operationId: `${format.forge}Hook`,
        summary: `Take a webhook of ${format.forge}`,
        tags: ['hooks'],
        querystring: HookQuery,
        response: { 200: HookAnswer, 202: HookAnswer },
      },
      config: { access: 'hook' },
      onRequest: [refuseLargeBody(context.bodyBytesMax), requireSignature(format)],
    },
    async (request, reply) => {
      const received = await receiveHook(context.services, format, {
        headers: request.headers,
        body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
        signature: readSignature(request.headers, format.signatureHeaders) ?? Buffer.alloc(0),
        namedRepo: request.query.repo,
      })
      const linkOf = (slug: string, number: number) =>
        pageLink(context.publicUrl(), { slug, number })
      const { statusCode, answer } = answerHook(received, linkOf)
      return reply.code(statusCode).send(answer)
    },
  )
}

/** Turns away what can't be right before its body is read. */
function requireSignature(format: HookFormat) {
  const names = format.signatureHeaders
  return (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void) => {
    done(readSignature(request.headers, names) === null ? unsigned(names) : undefined)
  }
}

function unsigned(names: readonly string[]): SandpiperError {
  return new SandpiperError(
    'SP_HOOK_UNSIGNED',
    `The delivery has no signature: header '${names.join("' or '")}' with 'sha256=' and 64 hex digits.`,
    { hint: "Put the secret that 'sandpiper repo add' printed into the webhook's settings." },
  )
}
