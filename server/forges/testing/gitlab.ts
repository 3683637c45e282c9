import { Type } from 'typebox'
import { hookRoutes } from './hooks.js'
import type { ForgeModel } from './stand-in.js'
import { json, linkToNext, pageOf, REPOS, TOKEN, type World, type WorldRepo } from './world.js'

/** "Set commit pipeline status", doc/api/commits.md; `skipped` came with 18.0 and is not used. */
const Status = Type.Object(
  {
    state: Type.Union(
      ['pending', 'running', 'success', 'failed', 'canceled'].map((it) => Type.Literal(it)),
    ),
    name: Type.String({ maxLength: 255 }),
    target_url: Type.String({ pattern: '^https?://', maxLength: 255 }),
    description: Type.String({ maxLength: 255 }),
    ref: Type.Optional(Type.String({ maxLength: 255 })),
  },
  { additionalProperties: false },
)

/** "Add a webhook to a project", doc/api/project_webhooks.md; all that is a flag is left out unless it is wanted. */
const Hook = Type.Object(
  {
    url: Type.String({ pattern: '^https?://' }),
    token: Type.String({ minLength: 16 }),
    enable_ssl_verification: Type.Literal(true),
    push_events: Type.Literal(true),
    tag_push_events: Type.Literal(true),
    merge_requests_events: Type.Literal(true),
    releases_events: Type.Literal(true),
  },
  { additionalProperties: false },
)

const NOT_FOUND = json(404, { message: '404 Project Not Found' })
const LEVELS = { admin: 40, write: 30, read: 20 } as const

/** GitLab, with its statuses' states: those that have not ended can only be moved on. */
export function gitlabModel(world: World): ForgeModel {
  const byId = (id: string | undefined): WorldRepo | undefined => {
    const asked = decodeURIComponent(id ?? '')
    return REPOS.find((one) => String(one.id) === asked || `${one.owner}/${one.name}` === asked)
  }
  return {
    gate: ({ headers }) => {
      return headers.authorization === `Bearer ${TOKEN}`
        ? null
        : json(401, { message: '401 Unauthorized' })
    },
    notFound: json(404, { error: '404 Not Found' }),
    invalid: (problem) => json(400, { error: problem }),
    routes: [
      ...hookRoutes(world, {
        path: '/api/v4/projects/([^/]+)/hooks',
        id: '[0-9]+',
        numberOf: Number,
        change: 'PUT',
        made: Hook,
        changed: Hook,
        repo: ([id]) => byId(id),
        notFound: NOT_FOUND,
        forbidden: json(403, { message: '403 Forbidden' }),
        page: ({ query }, hooks) => {
          const page = Number(query.get('page') ?? 1)
          const { items, hasMore } = pageOf(hooks, page, world.pageSize)
          const link = linkToNext('https://gitlab.known.example/api/v4/hooks', query, page + 1)
          return json(200, items, hasMore ? { link } : {})
        },
        shown: ({ id, body }) => {
          const { token: _token, ...shown } = body as { token: string }
          return { id, ...shown }
        },
      }),
      {
        method: 'GET',
        path: /^\/api\/v4\/user$/,
        answer: () =>
          json(200, {
            ...{ id: 7, username: 'jane', name: 'Jane Doe', email: 'jane@example.org' },
            ...{ state: 'active', avatar_url: 'https://avatars.example/7' },
          }),
      },
      {
        method: 'GET',
        path: /^\/api\/v4\/projects$/,
        answer: ({ query }) => {
          if (query.get('membership') !== 'true') return json(400, { error: 'too many of them' })
          if (query.get('pagination') !== 'keyset' || query.get('order_by') !== 'id') {
            return json(405, { error: 'Offset pagination has a maximum allowed offset of 50000' })
          }
          const after = Number(query.get('id_after') ?? 0)
          const rest = REPOS.filter(({ id }) => id > after)
          const { items, hasMore } = pageOf(rest, 1, world.pageSize)
          const next = new URLSearchParams(query)
          next.set('id_after', String(items.at(-1)?.id))
          const link = `<https://gitlab.known.example/api/v4/projects?${next.toString()}>; rel="next"`
          return json(200, items.map(repoBody), hasMore ? { link } : {})
        },
      },
      {
        method: 'GET',
        path: /^\/api\/v4\/projects\/([^/]+)$/,
        answer: (_, [id]) => {
          const repo = byId(id)
          return repo ? json(200, repoBody(repo)) : NOT_FOUND
        },
      },
      {
        method: 'POST',
        path: /^\/api\/v4\/projects\/([^/]+)\/statuses\/([0-9a-f]{40})$/,
        body: Status,
        answer: ({ body }, [id, commit = '']) => {
          const repo = byId(id)
          if (!repo) return NOT_FOUND
          if (repo.role === 'read') return json(403, { message: '403 Forbidden' })
          if (commit !== world.commit) return json(404, { message: '404 Commit Not Found' })
          const {
            state = '',
            name = '',
            ref,
            description = '',
            target_url: link = '',
          } = body as Record<string, string>
          const slug = `${repo.owner}/${repo.name}`
          const last = world.statuses
            .filter((one) => one.repo === slug && one.context === name)
            .at(-1)
          const problem = transitionProblem(last?.state, state)
          if (problem !== '') return json(400, { message: problem })
          world.statuses.push({
            ...{ repo: slug, commit, context: name, state, description },
            ...{ link, ...(ref === undefined ? {} : { ref }) },
          })
          return json(201, { id: 1, sha: commit, status: state, name, ref })
        },
      },
    ],
  }
}

/** What has ended is followed by a new status; the same state once more, and running to pending, are refused. */
function transitionProblem(from: string | undefined, to: string): string {
  const event = { pending: 'enqueue', running: 'run' }[to] ?? ''
  const isOpen = from === 'pending' || from === 'running'
  if (!isOpen || event === '' || (from === 'pending' && to === 'running')) return ''
  return `Cannot transition status via :${event} from :${from} (Reason(s): Status cannot transition via "${event}")`
}

function repoBody({ id, owner, name, role, private: isPrivate }: WorldRepo) {
  return {
    ...{ id, name, path_with_namespace: `${owner}/${name}`, archived: false },
    visibility: isPrivate ? 'private' : 'public',
    web_url: `https://gitlab.example/${owner}/${name}`,
    http_url_to_repo: `https://gitlab.example/${owner}/${name}.git`,
    default_branch: 'main',
    permissions: {
      project_access:
        role === 'admin' ? null : { access_level: LEVELS[role], notification_level: 3 },
      group_access: { access_level: role === 'admin' ? LEVELS.admin : 10, notification_level: 3 },
    },
  }
}
