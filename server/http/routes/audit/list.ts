import { Type } from 'typebox'
import type { FastifyReply } from 'fastify'
import { AUDIT_ACTIONS } from '../../../audit/actions.js'
import type { AuditQuery, AuditRow, AuditService } from '../../../audit/list.js'
import type { App, HttpContext } from '../../app-types.js'
import { repoOf } from '../../lookup.js'
import { RepoParams } from '../../schemas/params.js'

const LIMIT_MAX = 100

const Query = Type.Object(
  {
    action: Type.Optional(Type.Union(AUDIT_ACTIONS.map((action) => Type.Literal(action)))),
    login: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    cursor: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,14}$' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: LIMIT_MAX })),
  },
  { additionalProperties: false },
)

const Entry = Type.Object({
  id: Type.Integer(),
  /** Unix seconds, as everywhere in this API. */
  created: Type.Integer(),
  user_id: Type.Integer(),
  login: Type.String(),
  via: Type.String(),
  action: Type.String(),
  subject: Type.String(),
  repo_id: Type.Integer(),
  detail: Type.Record(Type.String(), Type.Unknown()),
})

/** `GET /api/audit`: who read or changed what, newest first. */
export function listAudit(app: App, { services }: HttpContext): void {
  const schema = {
    ...{ operationId: 'listAudit', tags: ['audit'], querystring: Query },
    summary: 'Who read or changed what, newest first',
    response: { 200: Type.Array(Entry) },
  }
  app.get('/audit', { schema, config: { access: 'admin' } }, async ({ query }, reply) =>
    answer(services.audit, query, '/api/audit', reply),
  )
}

/** `GET /api/repos/:owner/:name/audit`: the same of one repo. */
export function listRepoAudit(app: App, { services }: HttpContext): void {
  const schema = {
    ...{ operationId: 'listRepoAudit', tags: ['audit'], querystring: Query, params: RepoParams },
    summary: 'Who read or changed what of a repo, newest first',
    response: { 200: Type.Array(Entry) },
  }
  app.get(
    '/repos/:owner/:name/audit',
    { schema, config: { access: 'repo:admin' } },
    async ({ query, params }, reply) => {
      const { id: repoId } = await repoOf(services, params)
      const path = `/api/repos/${params.owner}/${params.name}/audit`
      return answer(services.audit, { ...query, repoId }, path, reply)
    },
  )
}

type Given = Pick<AuditQuery, 'action' | 'login' | 'repoId'> & {
  readonly cursor?: string
  readonly limit?: number
}

async function answer(
  audit: AuditService,
  { cursor, limit = LIMIT_MAX, ...query }: Given,
  path: string,
  reply: FastifyReply,
): Promise<ReturnType<typeof render>[]> {
  const before = cursor === undefined ? {} : { before: Number(cursor) }
  const rows = await audit.list({ ...query, ...before, limit: limit + 1 })
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  if (last !== undefined && rows.length > limit) {
    const next = new URLSearchParams({ cursor: String(last.id), limit: String(limit) })
    if (query.action !== undefined) next.set('action', query.action)
    if (query.login !== undefined) next.set('login', query.login)
    void reply.header('link', `<${path}?${next.toString()}>; rel="next"`)
  }
  return page.map(render)
}

function render(row: AuditRow) {
  const { id, user_id, login, via, action, subject, repo_id } = row
  const detail = JSON.parse(row.detail_json) as Record<string, unknown>
  const created = Math.floor(row.at / 1000)
  return { id, created, user_id, login, via, action, subject, repo_id, detail }
}
