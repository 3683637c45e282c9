import { Type } from 'typebox'
import { SandpiperError } from '../../../../protocol/errors.js'
import type { App, HttpContext } from '../../app-types.js'
import { StepParams } from '../../schemas/params.js'
import { logOf } from './log-of.js'

const SCHEMA = {
  operationId: 'deleteLog',
  summary: "Remove a step's log",
  description: 'What the step did stays known. A log that grows can not be removed.',
  tags: ['logs'],
  params: StepParams,
  response: { 204: Type.Null() },
}

/** `DELETE /api/repos/:owner/:name/builds/:number/logs/:stage/:step`, as in Drone. */
export function removeOneLog(app: App, context: HttpContext): void {
  const url = '/repos/:owner/:name/builds/:number/logs/:stage/:step'
  app.delete(url, { schema: SCHEMA, config: { access: 'repo:admin' } }, async (request, reply) => {
    const { repo, ref, state } = await logOf(context, request.params, undefined)
    if (state.end === null) {
      throw new SandpiperError('SP_LOG_RUNNING', 'The log still grows: it can not be removed.', {
        hint: 'Wait until the step has ended, or cancel the build.',
      })
    }
    await context.services.logs.remove(repo, ref, request.principal)
    return reply.code(204).send()
  })
}
