import { Type } from 'typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { AUDIT_ACTIONS } from '../../../audit/actions.js'
import type { AuditQuery, AuditRow } from '../../../audit/list.js'
import type { App, HttpContext } from '../../app-types.js'
import { repoOf } from '../../lookup.js'
import { CURSOR_QUERY, pagingOf } from '../../pagination.js'
import { seconds } from '../../render/time.js'
import { RepoParams } from '../../schemas/params.js'

const Query = Type.Object(
  {
    ...CURSOR_QUERY,
    action: Type.Optional(Type.Union(AUDIT_ACTIONS.map((action) => Type.Literal(action)))),
    login: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  },
  { additionalProperties: false },
)

const Entry = Type.Object({
  id: Type.Integer(),
  created: Type.Integer({ description: 'When: Unix seconds.' }),
  user_id: Type.Integer(),
  login: Type.String({ description: 'Who; empty for what the server does by itself.' }),
  via: Type.String({ description: 'What proved it: admin-token, token, session; or system.' }),
  action: Type.String(),
  subject: Type.String({ description: 'What was read or changed, by its name.' }),
  repo_id: Type.Integer({ description: '0 for what is no repo’s.' }),
  detail: Type.Record(Type.String(), Type.Unknown()),
})

const paging = pagingOf('audit', Type.Integer({ minimum: 1 }))

/** `GET /api/audit`: who read or changed what, newest first. */
export function listAudit(app: App, context: HttpContext): void {
  const schema = {
    ...{ operationId: 'listAudit', tags: ['audit'], querystring: Query },
    summary: 'Who read or changed what, newest first',
    response: { 200: Type.Array(Entry) },
  }
  app.get('/audit', { schema, config: { access: 'admin' } }, async (request, reply) =>
    answer(context, request.query, { request, reply }),
  )
}

/** `GET /api/repos/:owner/:name/audit`: the same of one repo. */
export function listRepoAudit(app: App, context: HttpContext): void {
  const schema = {
    ...{ operationId: 'listRepoAudit', tags: ['audit'], querystring: Query, params: RepoParams },
    summary: 'Who read or changed what of a repo, newest first',
    response: { 200: Type.Array(Entry) },
  }
  app.get(
    '/repos/:owner/:name/audit',
    { schema, config: { access: 'repo:admin' } },
    async (request, reply) => {
      const { id: repoId } = await repoOf(context.services, request.params)
      return answer(context, { ...request.query, repoId }, { request, reply })
    },
  )
}

type Given = Pick<AuditQuery, 'action' | 'login' | 'repoId'> & {
  readonly cursor?: string
  readonly limit?: number
}

async function answer(
  context: HttpContext,
  { cursor, limit, ...query }: Given,
  exchange: { readonly request: Pick<FastifyRequest, 'url'>; readonly reply: FastifyReply },
): Promise<ReturnType<typeof render>[]> {
  const page = paging.read({
    ...(cursor === undefined ? {} : { cursor }),
    ...(limit === undefined ? {} : { limit }),
  })
  const before = page.after === null ? {} : { before: page.after }
  const rows = await context.services.audit.list({ ...query, ...before, limit: page.fetch })
  return paging.show(rows, page, ({ id }) => id, { context, ...exchange }).map(render)
}

function render(row: AuditRow) {
  const { id, user_id, login, via, action, subject, repo_id } = row
  const detail = JSON.parse(row.detail_json) as Record<string, unknown>
  return { id, created: seconds(row.at), user_id, login, via, action, subject, repo_id, detail }
}
