import { Type } from 'typebox'
import type { Static } from 'typebox'
import { hookRoutes } from './hooks.js'
import type { ForgeModel, SeenRequest, StandInAnswer } from './stand-in.js'
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

/** `POST /repos/{owner}/{repo}/statuses/{sha}` in GitHub's OpenAPI description. */
const Status = Type.Object(
  {
    state: Type.Union([
      Type.Literal('error'),
      Type.Literal('failure'),
      Type.Literal('pending'),
      Type.Literal('success'),
    ]),
    target_url: Type.Optional(Type.String({ pattern: '^https?://' })),
    // Longer ones are refused with 422: "description is too long (maximum is 140 characters)".
    description: Type.Optional(Type.String({ maxLength: 140 })),
    context: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
)

/** `POST /repos/{owner}/{repo}/hooks`; `PATCH` takes the same. Others than JSON and checked certificates are not wanted. */
const Hook = Type.Object(
  {
    active: Type.Literal(true),
    events: Type.Array(
      Type.Union(
        ['push', 'pull_request', 'release', 'deployment', 'create'].map((it) => Type.Literal(it)),
      ),
      { minItems: 1, uniqueItems: true },
    ),
    config: Type.Object(
      {
        url: Type.String({ pattern: '^https?://' }),
        content_type: Type.Literal('json'),
        secret: Type.String({ minLength: 16 }),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
)
type Hook = Static<typeof Hook>

const NOT_FOUND = json(404, {
  message: 'Not Found',
  documentation_url: 'https://docs.github.com/rest',
  status: '404',
})

/** GitHub Enterprise Server, whose API is at `/api/v3`; GitHub's own is the same at its root. */
export function githubModel(world: World): ForgeModel {
  return {
    gate,
    notFound: NOT_FOUND,
    invalid: (problem) =>
      json(422, { message: 'Validation Failed', errors: [{ message: problem }] }),
    routes: [
      ...hookRoutes(world, {
        path: '/api/v3/repos/([^/]+)/([^/]+)/hooks',
        id: '[0-9]+',
        numberOf: Number,
        change: 'PATCH',
        made: Hook,
        changed: Hook,
        repo: ([owner, name]) => repoNamed(owner, name),
        notFound: NOT_FOUND,
        // It does not tell that there are any.
        forbidden: NOT_FOUND,
        page: ({ query }, hooks) => {
          const page = Number(query.get('page') ?? 1)
          const { items, hasMore } = pageOf(hooks, page, world.pageSize)
          const link = linkToNext('https://api.known.example/repos/hooks', query, page + 1)
          return json(200, items, hasMore ? { link } : {})
        },
        shown: ({ id, body }) => {
          const { config, ...rest } = body as Hook
          const shown = { ...config, secret: '********', insecure_ssl: '0' }
          const url = `https://api.known.example/repos/octo/admin/hooks/${id}`
          return { type: 'Repository', id, name: 'web', ...rest, config: shown, url }
        },
      }),
      {
        method: 'GET',
        path: /^\/api\/v3\/user$/,
        answer: () =>
          json(200, {
            ...{ id: 7, login: 'jane', node_id: 'MDQ=', name: 'Jane Doe', email: null },
            avatar_url: 'https://avatars.example/7',
          }),
      },
      {
        method: 'GET',
        path: /^\/api\/v3\/user\/repos$/,
        answer: ({ query }) => {
          const page = Number(query.get('page') ?? 1)
          const { items, hasMore } = pageOf(REPOS, page, world.pageSize)
          const link = linkToNext('https://api.known.example/user/repos', query, page + 1)
          return json(200, items.map(repoBody), hasMore ? { link } : {})
        },
      },
      {
        method: 'GET',
        path: /^\/api\/v3\/repos\/([^/]+)\/([^/]+)$/,
        answer: (_, [owner, name]) => {
          const repo = repoNamed(owner, name)
          return repo ? json(200, repoBody(repo)) : NOT_FOUND
        },
      },
      {
        method: 'POST',
        path: /^\/api\/v3\/repos\/([^/]+)\/([^/]+)\/statuses\/([0-9a-f]{40})$/,
        body: Status,
        answer: ({ body }, [owner, name, commit = '']) => {
          const repo = world.writable(owner, name)
          if (!repo) return NOT_FOUND
          if (commit !== world.commit)
            return json(422, { message: `No commit found for SHA: ${commit}` })
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
          return json(201, { id: 1, state, description, context, target_url: link })
        },
      },
    ],
  }
}

function gate({ headers }: SeenRequest): StandInAnswer | null {
  if (!headers['user-agent']) {
    return json(403, {
      message:
        'Request forbidden by administrative rules. Please make sure your request has a User-Agent header',
    })
  }
  if (headers.accept !== 'application/vnd.github+json')
    return json(415, { message: 'Unsupported Media Type' })
  if (headers['x-github-api-version'] !== '2022-11-28')
    return json(400, { message: 'no such version of the API' })
  return headers.authorization === `Bearer ${TOKEN}`
    ? null
    : json(401, { message: 'Bad credentials' })
}

function repoBody({ id, owner, name, role, private: isPrivate }: WorldRepo) {
  return {
    ...{ id, name, full_name: `${owner}/${name}`, owner: { login: owner, id: 1 } },
    ...{ private: isPrivate, visibility: isPrivate ? 'private' : 'public', archived: false },
    html_url: `https://github.example/${owner}/${name}`,
    clone_url: `https://github.example/${owner}/${name}.git`,
    default_branch: 'main',
    permissions: {
      ...{ admin: role === 'admin', maintain: role === 'admin', push: role !== 'read' },
      ...{ triage: role !== 'read', pull: true },
    },
  }
}
