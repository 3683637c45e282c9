import { Type } from 'typebox'
import { hookRoutes } from './hooks.js'
import type { ForgeModel } from './stand-in.js'
import { json, REPOS, repoNamed, TOKEN, type World, type WorldRepo } from './world.js'

/** `RestBuildStatusSetRequest`: key, state and url are required; texts have 255 characters, the url 450. */
const Status = Type.Object(
  {
    key: Type.String({ minLength: 1, maxLength: 255 }),
    state: Type.Union(
      ['SUCCESSFUL', 'FAILED', 'INPROGRESS', 'CANCELLED', 'UNKNOWN'].map((it) => Type.Literal(it)),
    ),
    url: Type.String({ pattern: '^https?://', maxLength: 450 }),
    name: Type.Optional(Type.String({ maxLength: 255 })),
    description: Type.Optional(Type.String({ maxLength: 255 })),
    buildNumber: Type.Optional(Type.String({ maxLength: 255 })),
  },
  { additionalProperties: false },
)

/** `RestWebhook`. */
const Hook = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 255 }),
    url: Type.String({ pattern: '^https?://' }),
    active: Type.Literal(true),
    configuration: Type.Object(
      { secret: Type.String({ minLength: 16 }) },
      { additionalProperties: false },
    ),
    events: Type.Array(
      Type.Union(
        [
          ...['repo:refs_changed', 'pr:opened', 'pr:from_ref_updated', 'pr:modified'],
          ...['pr:merged', 'pr:declined', 'pr:deleted', 'pr:comment:added'],
        ].map((it) => Type.Literal(it)),
      ),
      { minItems: 1 },
    ),
  },
  { additionalProperties: false },
)

const API = '/rest/api/1.0'
const errors = (status: number, message: string) =>
  json(status, { errors: [{ context: null, message, exceptionName: 'com.atlassian.bitbucket' }] })
const NOT_FOUND = errors(404, 'Repository octo/none does not exist.')
const PERMISSIONS = {
  REPO_ADMIN: ['admin'],
  REPO_WRITE: ['admin', 'write'],
  REPO_READ: ['admin', 'write', 'read'],
}

/** Bitbucket Data Center. */
export function bitbucketServerModel(world: World): ForgeModel {
  const paged = (query: URLSearchParams, list: readonly unknown[]) => {
    const start = Number(query.get('start') ?? 0)
    const values = list.slice(start, start + world.pageSize)
    const isLastPage = start + world.pageSize >= list.length
    const next = isLastPage ? null : start + world.pageSize
    return json(200, {
      size: values.length,
      limit: world.pageSize,
      isLastPage,
      values,
      start,
      nextPageStart: next,
    })
  }
  return {
    gate: ({ headers }) => {
      const isKnown = headers.authorization === `Bearer ${TOKEN}`
      return isKnown
        ? null
        : errors(401, 'Authentication failed. Please check your credentials and try again.')
    },
    notFound: errors(404, 'null for uri'),
    invalid: (problem) => errors(400, problem),
    routes: [
      ...hookRoutes(world, {
        path: `${API}/projects/([^/]+)/repos/([^/]+)/webhooks`,
        id: '[0-9]+',
        numberOf: Number,
        change: 'PUT',
        made: Hook,
        changed: Hook,
        repo: ([owner, name]) => repoNamed(owner, name),
        notFound: NOT_FOUND,
        forbidden: errors(403, 'You are not permitted to access this resource'),
        page: ({ query }, hooks) => paged(query, hooks),
        shown: ({ id, body }) => {
          const { configuration: _secret, ...shown } = body as { configuration: unknown }
          return { id, ...shown, configuration: {}, createdDate: 1, updatedDate: 1 }
        },
      }),
      {
        method: 'GET',
        path: new RegExp(`^${API}/application-properties$`),
        answer: () =>
          json(200, { version: '9.4.0' }, { 'x-ausername': 'jane%40corp', 'x-auserid': '7' }),
      },
      {
        method: 'GET',
        path: new RegExp(`^${API}/users$`),
        answer: ({ query }) =>
          paged(
            query,
            [
              { id: 1, name: 'mary jane@corp', slug: 'mary' },
              { id: 2, name: 'jane@corporate', slug: 'other' },
              {
                id: 7,
                name: 'jane@corp',
                slug: 'jane',
                displayName: 'Jane Doe',
                emailAddress: 'jane@example.org',
              },
            ].filter(({ name }) => name.includes(query.get('filter') ?? '')),
          ),
      },
      {
        method: 'GET',
        path: new RegExp(`^${API}/repos$`),
        answer: ({ query }) => {
          const roles: readonly string[] =
            PERMISSIONS[(query.get('permission') ?? 'REPO_READ') as keyof typeof PERMISSIONS]
          const name = query.get('name') ?? ''
          return paged(
            query,
            REPOS.filter((one) => roles.includes(one.role) && one.name.includes(name)).map(
              repoBody,
            ),
          )
        },
      },
      {
        method: 'GET',
        path: new RegExp(`^${API}/projects/([^/]+)/repos/([^/]+)$`),
        answer: (_, [owner, name]) => {
          const repo = repoNamed(owner, name)
          return repo ? json(200, repoBody(repo)) : NOT_FOUND
        },
      },
      {
        method: 'GET',
        path: new RegExp(`^${API}/projects/([^/]+)/repos/([^/]+)/default-branch$`),
        answer: () => json(200, { id: 'refs/heads/main', displayId: 'main', type: 'BRANCH' }),
      },
      {
        method: 'POST',
        path: new RegExp(`^${API}/projects/([^/]+)/repos/([^/]+)/commits/([0-9a-f]{40})/builds$`),
        body: Status,
        answer: ({ body }, [owner, name, commit = '']) => {
          if (!repoNamed(owner, name)) return NOT_FOUND
          if (commit !== world.commit) return errors(404, `Commit '${commit}' does not exist`)
          const {
            key = '',
            state = '',
            url = '',
            description = '',
          } = body as Record<string, string>
          world.statuses.push({
            ...{ repo: `${owner}/${name}`, commit, context: key, state: state, link: url },
            description: description,
          })
          return { status: 204 }
        },
      },
    ],
  }
}

function repoBody({ id, owner, name, private: isPrivate }: WorldRepo) {
  return {
    ...{
      id,
      slug: name,
      name,
      scmId: 'git',
      state: 'AVAILABLE',
      public: !isPrivate,
      archived: false,
    },
    project: { key: owner, id: 1, name: owner, public: false, type: 'NORMAL' },
    links: {
      clone: [
        { name: 'ssh', href: `ssh://git@stash.example/${owner}/${name}.git` },
        { name: 'http', href: `https://stash.example/scm/${owner}/${name}.git` },
      ],
      self: [{ href: `https://stash.example/projects/${owner}/repos/${name}/browse` }],
    },
  }
}
