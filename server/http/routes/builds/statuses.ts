import { Type } from 'typebox'
import type { App, HttpContext } from '../../app-types.js'
import { buildOf } from '../../lookup.js'
import { BuildOrLatestParams } from '../../schemas/params.js'
import { Milliseconds } from '../../schemas/scalars.js'

const Status = Type.Object(
  {
    context: Type.String(),
    build: Type.Integer({ description: 'Number of the build that it is of.' }),
    state: Type.String({ description: 'What the forge has; empty: nothing yet.' }),
    description: Type.String(),
    target_url: Type.String(),
    sent_ms: Milliseconds,
    due_ms: Type.Union([Milliseconds, Type.Null()], {
      description: 'When it is sent, or tried again; null: the forge has it, or it was given up.',
    }),
    failures: Type.Integer({ description: 'Tries in a row that failed.' }),
    error: Type.String({ description: 'Why the last one did.' }),
  },
  { title: 'CommitStatus' },
)

/** `GET /api/repos/:owner/:name/builds/:number/statuses`: what its forge was told of the build's commit. */
export function listStatuses(app: App, { services }: HttpContext): void {
  const schema = {
    operationId: 'listStatuses',
    summary: "List what the forge was told of a build's commit",
    description: 'One for each context; it is of the newest build of that commit and context.',
    tags: ['builds'],
    params: BuildOrLatestParams,
    response: { 200: Type.Array(Status) },
  }
  app.get(
    '/repos/:owner/:name/builds/:number/statuses',
    { schema, config: { access: 'repo:read' } },
    async (request) => {
      const { repo, detail } = await buildOf(services, request.params)
      const statuses = await services.statuses.ofBuild(repo, detail.build)
      return statuses.map(({ link, sentAt, due, ...status }) => ({
        ...status,
        target_url: link,
        sent_ms: sentAt,
        due_ms: due,
      }))
    },
  )
}
