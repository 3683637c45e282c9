import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import type { App } from '../../app-types.js'
import { BuildParams, StepParams } from '../../schemas/params.js'

// What stands first in other addresses is no owner here.
const PAGE = '/:owner(^(?!(?:api|hooks)$)[^/]+$)/:name/:number(^[0-9]+$)'

/**
 * `GET /:owner/:name/:number[/:stage/:step]`: what links to builds and steps lead to (`links.ts`). There are no pages
 * for people yet, so they show what the API has. Nothing is looked up: it tells nobody what exists.
 */
export function buildPage(app: App): void {
  const about = { tags: ['builds'], response: { 302: Type.Null() } }
  app.get(
    PAGE,
    {
      schema: { operationId: 'buildPage', summary: 'Go to a build', ...about, params: BuildParams },
      config: { access: 'open' },
    },
    ({ params: { owner, name, number } }, reply) =>
      go(reply, `/api/repos/${owner}/${name}/builds/${number}`),
  )
  app.get(
    `${PAGE}/:stage/:step`,
    {
      schema: { operationId: 'stepPage', summary: 'Go to a step', ...about, params: StepParams },
      config: { access: 'open' },
    },
    ({ params: { owner, name, number, stage, step } }, reply) =>
      go(reply, `/api/repos/${owner}/${name}/builds/${number}/logs/${stage}/${step}`),
  )
}

function go(reply: FastifyReply, path: string): FastifyReply {
  return reply.redirect(path, 302)
}
