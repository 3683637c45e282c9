import type { FastifyReply, FastifyRequest } from 'fastify'
import { SandpiperError } from '../../../../protocol/errors.js'
import type { App } from '../../app-types.js'
import { clientError } from '../../error-mapping.js'
import { InvalidRequest } from '../../invalid-request.js'
import { paramErrors } from '../../param-errors.js'
import { problemDocument } from '../../problems.js'
import { answerMethod } from './allowed-methods.js'

/** Answers every error, and every unknown address, with an RFC 9457 problem document. */
export function problemDetails(app: App): void {
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply))
  app.setNotFoundHandler(notFound)
}

/** Answers an unknown address, or an unknown method of a known one; also for scopes whose hooks must run before it. */
export function notFound(request: FastifyRequest, reply: FastifyReply): void {
  const answer = answerMethod(request, reply)
  if (answer === null) sendProblem(nothingThere(request), request, reply)
  else if (answer !== 'answered') sendProblem(answer, request, reply)
}

function nothingThere(request: FastifyRequest): SandpiperError {
  const address = `${request.method} ${request.url.slice(0, 200)}`
  return new SandpiperError('SP_HTTP_NOT_FOUND', `There is nothing at ${address}.`, {
    hint: 'The routes are in docs/api.md and under /api/docs.',
  })
}

/** Sends anything that was thrown as a problem document; logs it when it is our fault. */
export function sendProblem(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const error = clientError(thrown)
  const errors = error instanceof InvalidRequest ? error.errors : paramErrors(error, request)
  const problem = problemDocument({
    code: error.code,
    detail: error.message,
    hint: error.hint,
    requestId: request.id,
    ...(errors.length === 0 ? {} : { errors }),
  })
  if (problem.status >= 500) request.log.error({ err: thrown }, 'request failed')
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="sandpiper"')
  if (problem.status === 503) reply.header('retry-after', '5')
  void reply
    .code(problem.status)
    .type('application/problem+json; charset=utf-8')
    .send(JSON.stringify(problem))
}
