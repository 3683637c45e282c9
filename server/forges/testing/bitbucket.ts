import { Type } from 'typebox'
import { hookRoutes } from './hooks.js'
import type { ForgeModel } from './stand-in.js'
import { json, pageOf, REPOS, repoNamed, TOKEN, type World, type WorldRepo } from './world.js'

/** "Create a build status for a commit", api-group-commit-statuses. */
const Status = Type.Object(
  {
    key: Type.String({ minLength: 1, maxLength: 40 }),
    state: Type.Union(
      ['INPROGRESS', 'SUCCESSFUL', 'FAILED', 'STOPPED'].map((it) => Type.Literal(it)),
    ),
    name: Type.String(),
    url: Type.String({ pattern: '^https?://[^{}]*$' }),
    description: Type.String(),
    refname: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
)

/** "Create a webhook for a repository", api-group-repositories. */
const Hook = Type.Object(
  {
    description: Type.String({ minLength: 1 }),
    url: Type.String({ pattern: '^https?://' }),
    secret: Type.String({ minLength: 16, maxLength: 128 }),
    active: Type.Literal(true),
    events: Type.Array(
      Type.Union(
        [
          ...['repo:push', 'pullrequest:created', 'pullrequest:updated', 'pullrequest:approved'],
          ...['pullrequest:fulfilled', 'pullrequest:rejected'],
        ].map((it) => Type.Literal(it)),
      ),
      { minItems: 1 },
    ),
  },
  { additionalProperties: false },
)

const NOT_FOUND = json(404, { type: 'error', error: { message: 'Repository octo/none not found' } })
const ROLES = {
  admin: ['admin'],
  contributor: ['admin', 'write'],
  member: ['admin', 'write', 'read'],
}
const API = 'https://api.known.example/2.0'

/** Bitbucket Cloud. */
export function bitbucketModel(world: World): ForgeModel {
  return {
    gate: ({ headers }) => {
      const basic = `Basic ${Buffer.from(`jane@example.org:${TOKEN}`).toString('base64')}`
      const isKnown = [`Bearer ${TOKEN}`, basic].includes(headers.authorization ?? '')
      return isKnown
        ? null
        : json(401, { type: 'error', error: { message: 'Access token expired.' } })
    },
    notFound: json(404, { type: 'error', error: { message: 'Resource not found' } }),
    invalid: (problem) =>
      json(400, { type: 'error', error: { message: 'Bad request', detail: problem } }),
    routes: [
      ...hookRoutes(world, {
        path: '/2\\.0/repositories/([^/]+)/([^/]+)/hooks',
        id: '%7B[0-9]+%7D',
        numberOf: (id) => Number(id.slice(1, -1)),
        change: 'PUT',
        made: Hook,
        changed: Hook,
        repo: ([owner, name]) => repoNamed(owner, name),
        notFound: NOT_FOUND,
        forbidden: json(403, { type: 'error', error: { message: 'Access denied.' } }),
        page: ({ query }, hooks) => {
          const page = Number(query.get('page') ?? 1)
          const { items, hasMore } = pageOf(hooks, page, world.pageSize)
          const next = `${API}/repositories/octo/admin/hooks?page=${page + 1}`
          return json(200, { pagelen: 2, values: items, page, ...(hasMore ? { next } : {}) })
        },
        shown: ({ id, body }) => {
          const { secret: _secret, ...shown } = body as { secret: string }
          return { type: 'webhook_subscription', uuid: `{${id}}`, secret_set: true, ...shown }
        },
      }),
      {
        method: 'GET',
        path: /^\/2\.0\/user$/,
        answer: () =>
          json(200, {
            ...{
              type: 'user',
              uuid: '{u-7}',
              account_id: '557058:7',
              nickname: 'jane',
              display_name: 'Jane Doe',
            },
            links: { avatar: { href: 'https://avatars.example/7' } },
          }),
      },
      {
        method: 'GET',
        path: /^\/2\.0\/user\/workspaces$/,
        answer: () =>
          json(200, {
            values: [
              {
                type: 'workspace_access',
                administrator: false,
                workspace: { type: 'workspace_base', uuid: '{w-1}', slug: 'octo' },
              },
            ],
          }),
      },
      {
        // Removed by CHANGE-2770.
        method: 'GET',
        path: /^\/2\.0\/(?:user\/permissions\/repositories|workspaces|repositories)$/,
        answer: () => json(410, { type: 'error', error: { message: 'This API is gone.' } }),
      },
      {
        method: 'GET',
        path: /^\/2\.0\/repositories\/octo$/,
        answer: ({ query }) => {
          const roles: readonly string[] =
            ROLES[(query.get('role') ?? 'member') as keyof typeof ROLES]
          const named = /^slug="([a-z]+)"$/.exec(query.get('q') ?? '')?.[1]
          const list = REPOS.filter(
            ({ role, name }) => roles.includes(role) && (!named || named === name),
          )
          const page = Number(query.get('page') ?? 1)
          const { items, hasMore } = pageOf(list, page, world.pageSize)
          const next = new URLSearchParams(query)
          next.set('page', String(page + 1))
          const more = hasMore ? { next: `${API}/repositories/octo?${next.toString()}` } : {}
          return json(200, { pagelen: world.pageSize, values: items.map(repoBody), page, ...more })
        },
      },
      {
        method: 'GET',
        path: /^\/2\.0\/repositories\/([^/]+)\/([^/]+)$/,
        answer: (_, [owner, name]) => {
          const repo = repoNamed(owner, name)
          return repo ? json(200, repoBody(repo)) : NOT_FOUND
        },
      },
      {
        method: 'POST',
        path: /^\/2\.0\/repositories\/([^/]+)\/([^/]+)\/commit\/([0-9a-f]{40})\/statuses\/build$/,
        body: Status,
        answer: ({ body }, [owner, name, commit = '']) => {
          if (!repoNamed(owner, name)) return NOT_FOUND
          if (!world.writable(owner, name))
            return json(403, { type: 'error', error: { message: 'Access denied.' } })
          if (commit !== world.commit)
            return json(404, { type: 'error', error: { message: 'Commit not found' } })
          const {
            key = '',
            state = '',
            url = '',
            description = '',
            refname,
          } = body as Record<string, string>
          world.statuses.push({
            ...{ repo: `${owner}/${name}`, commit, context: key, state: state, link: url },
            ...{ description: description, ...(refname === undefined ? {} : { ref: refname }) },
          })
          return json(201, { type: 'build', key, state, url })
        },
      },
    ],
  }
}

function repoBody({ id, owner, name, private: isPrivate }: WorldRepo) {
  return {
    ...{ type: 'repository', uuid: `{r-${id}}`, full_name: `${owner}/${name}`, slug: name, name },
    is_private: isPrivate,
    mainbranch: { type: 'branch', name: 'main' },
    links: {
      html: { href: `https://bitbucket.example/${owner}/${name}` },
      clone: [
        { name: 'https', href: `https://jane@bitbucket.example/${owner}/${name}.git` },
        { name: 'ssh', href: `git@bitbucket.example:${owner}/${name}.git` },
      ],
    },
  }
}
