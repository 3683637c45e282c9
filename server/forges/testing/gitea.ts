import { Type } from 'typebox'
import type { ForgeModel } from './stand-in.js'
import {
  COMMIT,
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

/** `CreateHookOption`, `CreateHookOptionConfig`, `EditHookOption`. */
const HOOK = {
  active: Type.Boolean(),
  branch_filter: Type.Optional(Type.String()),
  events: Type.Array(
    Type.Union(
      [
        'push',
        'create',
        'delete',
        'release',
        'pull_request',
        'pull_request_sync',
        'pull_request_label',
      ].map((it) => Type.Literal(it)),
    ),
  ),
  config: Type.Object(
    {
      url: Type.String({ pattern: '^https?://' }),
      content_type: Type.Literal('json'),
      secret: Type.String(),
    },
    { additionalProperties: false },
  ),
}
const ChangedHook = Type.Object(HOOK, { additionalProperties: false })

const NOT_FOUND = json(404, {
  errors: null,
  message: "The target couldn't be found.",
  url: 'https://gitea.example/api/swagger',
})

/** Gitea, and Forgejo, which differ in the type of their hooks. */
export function giteaModel(world: World, type: 'gitea' | 'forgejo'): ForgeModel {
  const NewHook = Type.Object(
    { type: Type.Literal(type), ...HOOK },
    { additionalProperties: false },
  )
  const hookOf = (id: string | undefined) => world.hooks.find((one) => one.id === id)
  return {
    gate: ({ headers }) => {
      if (headers.authorization === `Bearer ${TOKEN}`) return null
      return json(401, { message: 'user does not exist [uid: 0, name: ]', url: '' })
    },
    notFound: NOT_FOUND,
    invalid: (problem) => json(422, { message: problem, url: 'https://gitea.example/api/swagger' }),
    routes: [
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
          if (commit !== COMMIT) return NOT_FOUND
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
      {
        method: 'GET',
        path: /^\/api\/v1\/repos\/([^/]+)\/([^/]+)\/hooks$/,
        answer: (_, [owner, name]) => {
          const hooks = world.hooks.filter((one) => one.repo === `${owner}/${name}`)
          return json(
            200,
            hooks.map(({ id, url, events }) => ({ id: Number(id), type, events, config: { url } })),
          )
        },
      },
      {
        method: 'POST',
        path: /^\/api\/v1\/repos\/([^/]+)\/([^/]+)\/hooks$/,
        body: NewHook,
        answer: ({ body }, [owner, name]) => {
          if (repoNamed(owner, name)?.role !== 'admin')
            return json(403, { message: 'Must be an admin' })
          const { events, config } = body as {
            events: string[]
            config: { url: string; secret: string }
          }
          const id = world.nextId()
          world.hooks.push({
            id,
            repo: `${owner}/${name}`,
            url: config.url,
            secret: config.secret,
            events,
          })
          return json(201, { id: Number(id) })
        },
      },
      {
        method: 'PATCH',
        path: /^\/api\/v1\/repos\/[^/]+\/[^/]+\/hooks\/([0-9]+)$/,
        body: ChangedHook,
        answer: ({ body }, [id]) => {
          const hook = hookOf(id)
          if (!hook) return NOT_FOUND
          const { events, config } = body as {
            events: string[]
            config: { url: string; secret: string }
          }
          world.hooks = world.hooks.map((one) =>
            one === hook ? { ...hook, events, secret: config.secret } : one,
          )
          return json(200, { id: Number(id) })
        },
      },
      {
        method: 'DELETE',
        path: /^\/api\/v1\/repos\/[^/]+\/[^/]+\/hooks\/([0-9]+)$/,
        answer: (_, [id]) => {
          if (!hookOf(id)) return NOT_FOUND
          world.hooks = world.hooks.filter((one) => one.id !== id)
          return { status: 204 }
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
