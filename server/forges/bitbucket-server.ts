import { Type } from 'typebox'
import type { Static } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Role } from '../people/principal.js'
import { bitbucketAuthorization as authorization } from './bitbucket-token.js'
import { createForge, type ForgeCalls, type Timing } from './create-forge.js'
import { cleanRepo, decode, Id, MaybeFlag, MaybeText } from './decode.js'
import { forgeFailed, forgeUnauthorized } from './errors.js'
import { hookCalls } from './hook-calls.js'
import type { ForgeHttp } from './http.js'
import { PAGE_SIZE } from './limits.js'
import { pagesOf, type NextPage } from './pages.js'
import type { Forge, ForgeRepo, ForgeSettings, ForgeUser, StatusState } from './types.js'

const UserShape = Type.Object({
  id: Id,
  name: Type.String(),
  slug: MaybeText,
  displayName: MaybeText,
  emailAddress: MaybeText,
})
const Users = Compile(Type.Object({ values: Type.Array(UserShape) }))

const LinkList = Type.Optional(
  Type.Array(Type.Object({ href: Type.Optional(Type.String()), name: MaybeText })),
)

/** `RestRepository`: https://developer.atlassian.com/server/bitbucket/rest/v1000/api-group-repository/ */
const RepoShape = Type.Object({
  id: Id,
  slug: Type.String(),
  name: Type.String(),
  public: MaybeFlag,
  archived: MaybeFlag,
  project: Type.Object({ key: Type.String(), public: MaybeFlag }),
  links: Type.Optional(Type.Object({ clone: LinkList, self: LinkList })),
})
const Repo = Compile(RepoShape)
const Repos = Compile(Type.Object({ values: Type.Array(RepoShape) }))

const Paged = Compile(
  Type.Object({
    isLastPage: Type.Optional(Type.Boolean()),
    nextPageStart: Type.Optional(Type.Union([Type.Integer(), Type.Null()])),
  }),
)
const Branch = Compile(Type.Object({ displayId: Type.String() }))

/** Lists can be asked for repos in which one has at least a permission. The highest first. */
const ROLES: readonly (readonly [permission: string, role: Role])[] = [
  ['REPO_ADMIN', 'admin'],
  ['REPO_WRITE', 'write'],
  ['REPO_READ', 'read'],
]

/** Bitbucket Server and Data Center. */
export function createBitbucketServer(settings: ForgeSettings, timing: Timing): Forge {
  const apiUrl = `${settings.url}/rest/api/1.0`
  return createForge(settings, { apiUrl, timing }, CALLS)
}

/** There is no address for "who am I": every answer has the name in `X-AUSERNAME`, encoded as in a URL. */
async function user(http: ForgeHttp, token: string): Promise<ForgeUser> {
  const asked = { authorization: authorization(token) }
  const { headers } = await http.request({ path: '/application-properties', ...asked })
  const name = decodeName(headers['x-ausername'])
  if (name === '') throw forgeUnauthorized(http.name, '')
  const query = { filter: name, limit: String(PAGE_SIZE) }
  const request = { path: '/users', query, ...asked }
  for await (const { body } of pagesOf(http, request, nextPage(query))) {
    const found = decode(http.name, Users, body).values.find((one) => one.name === name)
    if (found) return userOf(found)
  }
  throw forgeFailed(http.name, `it does not know its own user ${name.slice(0, 100)}`)
}

function decodeName(header: string | string[] | undefined): string {
  try {
    return decodeURIComponent(String(header ?? '').replaceAll('+', ' '))
  } catch {
    return ''
  }
}

function userOf(user: Static<typeof UserShape>): ForgeUser {
  return {
    remoteId: String(user.id),
    login: user.slug ?? user.name,
    name: user.displayName ?? '',
    email: user.emailAddress ?? '',
    avatar: '',
  }
}

async function* repos(http: ForgeHttp, token: string): AsyncGenerator<ForgeRepo> {
  const seen = new Set<string>()
  for (const [permission, role] of ROLES) {
    for await (const one of reposWith(http, token, { permission })) {
      if (seen.has(String(one.id))) continue
      seen.add(String(one.id))
      yield repoOf(one, role, '')
    }
  }
}

async function* reposWith(
  http: ForgeHttp,
  token: string,
  filter: Readonly<Record<string, string>>,
): AsyncGenerator<Static<typeof RepoShape>> {
  const request = {
    path: '/repos',
    query: { limit: String(PAGE_SIZE), start: '0', ...filter },
    authorization: authorization(token),
  }
  for await (const { body } of pagesOf(http, request, nextPage(request.query))) {
    yield* decode(http.name, Repos, body).values
  }
}

async function repo(http: ForgeHttp, token: string, slug: string): Promise<ForgeRepo | null> {
  const asked = { authorization: authorization(token), expects: [404] }
  const path = repoPath(slug)
  const answer = await http.request({ path, ...asked })
  if (answer.status === 404) return null
  const found = decode(http.name, Repo, answer.body)
  // Of a repo without commits it is not known: 404 or 204.
  const { status, body } = await http.request({ path: `${path}/default-branch`, ...asked })
  const branch = status === 200 ? decode(http.name, Branch, body).displayId : ''
  for (const [permission, role] of ROLES) {
    for await (const one of reposWith(http, token, { permission, name: found.name })) {
      if (one.id === found.id) return repoOf(found, role, branch)
    }
  }
  return repoOf(found, 'read', branch)
}

function repoOf(repo: Static<typeof RepoShape>, role: Role, defaultBranch: string): ForgeRepo {
  const isPublic = repo.public === true || repo.project.public === true
  return cleanRepo({
    remoteId: String(repo.id),
    slug: `${repo.project.key}/${repo.slug}`,
    link: repo.links?.self?.[0]?.href?.replace(/\/browse$/, '') ?? '',
    cloneUrl: repo.links?.clone?.find(({ name }) => name === 'http')?.href ?? '',
    defaultBranch,
    visibility: isPublic ? 'public' : 'private',
    archived: repo.archived === true,
    role,
  })
}

function repoPath(slug: string): string {
  const [project = '', name = ''] = slug.split('/')
  return `/projects/${encodeURIComponent(project)}/repos/${encodeURIComponent(name)}`
}

/** "Paged APIs": `isLastPage`, else the next page starts at `nextPageStart`. */
function nextPage(query: Readonly<Record<string, string>>): NextPage {
  return ({ body }) => {
    if (!Paged.Check(body) || body.isLastPage !== false) return null
    const { nextPageStart: start } = body
    return typeof start === 'number' ? { ...query, start: String(start) } : null
  }
}

/**
 * https://developer.atlassian.com/server/bitbucket/how-tos/updating-build-status-for-commits/: a build of that key is
 * overwritten. All texts may have 255 characters, the address 450.
 */
const setStatus: ForgeCalls['setStatus'] = async (http, token, { slug }, status, signal) => {
  const { commit, state, context, description, link, number } = status
  await http.request({
    method: 'POST',
    path: `${repoPath(slug)}/commits/${commit}/builds`,
    json: {
      key: context,
      state: STATES[state],
      name: context,
      url: link,
      description,
      buildNumber: String(number),
    },
    authorization: authorization(token),
    signal,
  })
}

const STATES: Readonly<Record<StatusState, string>> = {
  pending: 'INPROGRESS',
  running: 'INPROGRESS',
  success: 'SUCCESSFUL',
  failure: 'FAILED',
  error: 'FAILED',
  killed: 'CANCELLED',
}

const PAGE = { limit: String(PAGE_SIZE), start: '0' }

const CALLS: ForgeCalls = {
  ...{ user, repos, repo, setStatus },
  // https://developer.atlassian.com/server/bitbucket/rest/v1000/api-group-repository/, "webhooks"
  ...hookCalls({
    path: ({ slug }) => `${repoPath(slug)}/webhooks`,
    authorization,
    query: PAGE,
    nextPage: nextPage(PAGE),
    change: 'PUT',
    json: ({ url, secret }) => ({
      ...{ name: 'Sandpiper', url, active: true, configuration: { secret } },
      events: [
        ...['repo:refs_changed', 'pr:opened', 'pr:from_ref_updated', 'pr:modified'],
        ...['pr:merged', 'pr:declined', 'pr:deleted'],
      ],
    }),
  }),
}
