import { Type } from 'typebox'
import type { Static } from 'typebox'
import { hookRoutes } from './hooks.js'
import type { ForgeModel } from './stand-in.js'
import {
  json,
  linkToNext,
  pageOf,
  REPOS,
  repoNamed,
  TOKEN,
  type World,
  type WorldRepo,
} from './world.js'

/** `CreateStatusOption`, with the `CommitStatusState`s that can be set. */
const Status = Type.Object(
  {
    state: Type.Union(
      ['pending', 'success', 'error', 'failure', 'warning'].map((it) => Type.Literal(it)),
    ),
    target_url: Type.String({ pattern: '^https?://' }),
    description: Type.String(),
    context: Type.String(),
  },
  { additionalProperties: false },
)

const EVENTS = [
  ...['create', 'delete', 'fork', 'push', 'issues', 'issue_comment', 'pull_request', 'release'],
  ...['pull_request_only', 'pull_request_assign', 'pull_request_label', 'pull_request_milestone'],
  ...['pull_request_comment', 'pull_request_sync', 'pull_request_review_request', 'repository'],
]

/** `EditHookOption`. */
const HOOK = {
  active: Type.Literal(true),
  events: Type.Array(Type.Union(EVENTS.map((it) => Type.Literal(it))), { minItems: 1 }),
  config: Type.Object(
    {
      url: Type.String({ pattern: '^https?://' }),
      content_type: Type.Literal('json'),
      secret: Type.String({ minLength: 16 }),
    },
    { additionalProperties: false },
  ),
}
const Hook = Type.Object(HOOK, { additionalProperties: false })
/** `CreateHookOption`. */
const NewHook = Type.Object(
  { ...HOOK, type: Type.Union([Type.Literal('gitea'), Type.Literal('forgejo')]) },
  { additionalProperties: false },
)

const NOT_FOUND = json(404, {
  errors: null,
  message: "The target couldn't be found.",
  url: 'https://gitea.example/api/swagger',
})

/** Gitea, and Forgejo. */
export function giteaModel(world: World): ForgeModel {
  return {
    gate: ({ headers }) => {
      if (headers.authorization === `Bearer ${TOKEN}`) return null
      return json(401, { message: 'user does not exist [uid: 0, name: ]', url: '' })
    },
    notFound: NOT_FOUND,
    invalid: (problem) => json(422, { message: problem, url: 'https://gitea.example/api/swagger' }),
    routes: [
      ...hookRoutes(world, {
        path: '/api/v1/repos/([^/]+)/([^/]+)/hooks',
        id: '[0-9]+',
        numberOf: Number,
        change: 'PATCH',
        made: NewHook,
        changed: Hook,
        repo: ([owner, name]) => repoNamed(owner, name),
        notFound: NOT_FOUND,
        forbidden: json(403, { message: 'user should be an owner or a collaborator with admin' }),
        page: ({ query }, hooks) => {
          const page = Number(query.get('page'))
          const { items, hasMore } = pageOf(hooks, page, world.pageSize)
          const link = linkToNext('https://gitea.known.example/api/v1/hooks', query, page + 1)
          return json(200, items, hasMore ? { link } : {})
        },
        shown: ({ id, body }) => {
          const { config, events } = body as Static<typeof Hook>
          const { secret: _secret, ...shown } = config
          return { id, type: 'gitea', active: true, events, config: shown, branch_filter: '*' }
        },
      }),
      {
        method: 'GET',
        path: /^\/api\/v1\/user$/,
        answer: () =>
          json(200, {
            ...{ id: 7, login: 'jane', full_name: 'Jane Doe', email: 'jane@example.org' },
            avatar_url: 'https://avatars.example/7',
          }),
      },
      {
        method: 'GET',
        path: /^\/api\/v1\/user\/repos$/,
        answer: ({ query }) => {
          const page = Number(query.get('page'))
          const { items, hasMore } = pageOf(REPOS, page, world.pageSize)
          const link = linkToNext('https://gitea.known.example/api/v1/user/repos', query, page + 1)
          return json(200, items.map(repoBody), hasMore ? { link } : {})
        },
      },
      {
        method: 'GET',
        path: /^\/api\/v1\/repos\/([^/]+)\/([^/]+)$/,
        answer: (_, [owner, name]) => {
          const repo = repoNamed(owner, name)
          return repo ? json(200, repoBody(repo)) : NOT_FOUND
        },
      },
      {
        method: 'POST',
        path: /^\/api\/v1\/repos\/([^/]+)\/([^/]+)\/statuses\/([0-9a-f]{40})$/,
        body: Status,
        answer: ({ body }, [owner, name, commit = '']) => {
          if (!repoNamed(owner, name)) return NOT_FOUND
          if (!world.writable(owner, name)) {
            return json(403, { message: 'user should have a permission to write to a repo' })
          }
          if (commit !== world.commit) return NOT_FOUND
          const {
            state = '',
            description = '',
            context = '',
            target_url: link = '',
          } = body as Record<string, string>
          world.statuses.push({
            ...{ repo: `${owner}/${name}`, commit, context: context, state: state },
            ...{ description: description, link: link },
          })
          return json(201, { id: 1, status: state, description, context, target_url: link })
        },
      },
    ],
  }
}

function repoBody({ id, owner, name, role, private: isPrivate }: WorldRepo) {
  return {
    ...{ id, name, full_name: `${owner}/${name}`, owner: { id: 1, login: owner } },
    ...{ private: isPrivate, internal: false, archived: false, empty: false },
    html_url: `https://gitea.example/${owner}/${name}`,
    clone_url: `https://gitea.example/${owner}/${name}.git`,
    default_branch: 'main',
    permissions: { admin: role === 'admin', push: role !== 'read', pull: true },
  }
}
