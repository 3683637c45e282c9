import { createHash } from 'node:crypto'
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Role } from '../people/principal.js'
import { bitbucketAuthorization as authorization } from './bitbucket-token.js'
import { createForge, type ForgeCalls, type Timing } from './create-forge.js'
import { cleanRepo, decode, MaybeFlag, MaybeText } from './decode.js'
import { hookCalls } from './hook-calls.js'
import type { ForgeHttp } from './http.js'
import { PAGE_SIZE } from './limits.js'
import { pagesOf, queryOf, type NextPage } from './pages.js'
import { pathOf } from './slug.js'
import type { Forge, ForgeRepo, ForgeSettings, ForgeUser, StatusState } from './types.js'

const Link = Type.Optional(Type.Object({ href: Type.Optional(Type.String()) }))

/** https://developer.atlassian.com/cloud/bitbucket/rest/api-group-users/#api-user-get */
const User = Compile(
  Type.Object({
    uuid: Type.String(),
    username: MaybeText,
    nickname: MaybeText,
    display_name: MaybeText,
    links: Type.Optional(Type.Object({ avatar: Link })),
  }),
)

/** https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/ */
const RepoShape = Type.Object({
  uuid: Type.String(),
  full_name: Type.String(),
  is_private: MaybeFlag,
  mainbranch: Type.Optional(Type.Union([Type.Null(), Type.Object({ name: MaybeText })])),
  links: Type.Optional(
    Type.Object({
      html: Link,
      clone: Type.Optional(Type.Array(Type.Object({ href: Type.String(), name: MaybeText }))),
    }),
  ),
})
const Repo = Compile(RepoShape)
const Repos = Compile(Type.Object({ values: Type.Array(RepoShape) }))

/** https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-user-workspaces-get */
const Workspaces = Compile(
  Type.Object({
    values: Type.Array(Type.Object({ workspace: Type.Object({ slug: Type.String() }) })),
  }),
)

const Paged = Compile(Type.Object({ next: Type.Optional(Type.String()) }))

/**
 * The role is not in a repo, nor is there a list of repos with it since `/user/permissions/repositories` was removed
 * (CHANGE-2770); but each list of a workspace can be asked for those in which one has at least a role. The highest first.
 */
const ROLES: readonly (readonly [asked: string, role: Role])[] = [
  ['admin', 'admin'],
  ['contributor', 'write'],
  ['member', 'read'],
]

/** Bitbucket Cloud. */
export function createBitbucket(settings: ForgeSettings, timing: Timing): Forge {
  const isCloud = settings.url === 'https://bitbucket.org'
  const apiUrl = isCloud ? 'https://api.bitbucket.org/2.0' : `${settings.url}/2.0`
  return createForge(settings, { apiUrl, timing }, CALLS)
}

async function user(http: ForgeHttp, token: string): Promise<ForgeUser> {
  const answer = await http.request({ path: '/user', authorization: authorization(token) })
  const body = decode(http.name, User, answer.body)
  return {
    remoteId: body.uuid,
    login: body.username ?? body.nickname ?? body.uuid,
    name: body.display_name ?? '',
    email: '',
    avatar: body.links?.avatar?.href ?? '',
  }
}

async function* repos(http: ForgeHttp, token: string): AsyncGenerator<ForgeRepo> {
  for await (const workspace of workspaces(http, token)) {
    const seen = new Set<string>()
    for (const [asked, role] of ROLES) {
      for await (const one of reposWith(http, token, workspace, { role: asked })) {
        if (seen.has(one.uuid)) continue
        seen.add(one.uuid)
        yield repoOf(one, role)
      }
    }
  }
}

async function* workspaces(http: ForgeHttp, token: string): AsyncGenerator<string> {
  const query = { pagelen: String(PAGE_SIZE) }
  const request = { path: '/user/workspaces', query, authorization: authorization(token) }
  for await (const { body } of pagesOf(http, request, nextPage)) {
    for (const { workspace } of decode(http.name, Workspaces, body).values) yield workspace.slug
  }
}

async function* reposWith(
  http: ForgeHttp,
  token: string,
  workspace: string,
  filter: Readonly<Record<string, string>>,
): AsyncGenerator<Static<typeof RepoShape>> {
  const request = {
    path: `/repositories/${encodeURIComponent(workspace)}`,
    query: { pagelen: String(PAGE_SIZE), ...filter },
    authorization: authorization(token),
  }
  for await (const { body } of pagesOf(http, request, nextPage)) {
    yield* decode(http.name, Repos, body).values
  }
}

async function repo(http: ForgeHttp, token: string, slug: string): Promise<ForgeRepo | null> {
  const path = `/repositories/${pathOf(slug)}`
  const request = { path, authorization: authorization(token), expects: [404] }
  const answer = await http.request(request)
  if (answer.status === 404) return null
  const found = decode(http.name, Repo, answer.body)
  const [workspace = '', name = ''] = slug.split('/')
  for (const [asked, role] of ROLES) {
    // A slug has neither quotes nor backslashes (https://developer.atlassian.com/cloud/bitbucket/rest/intro/#filtering).
    const filter = { role: asked, q: `slug="${name.replaceAll(/["\\]/g, '')}"` }
    for await (const one of reposWith(http, token, workspace, filter)) {
      if (one.uuid === found.uuid) return repoOf(found, role)
    }
  }
  return repoOf(found, 'read')
}

function repoOf(repo: Static<typeof RepoShape>, role: Role): ForgeRepo {
  const https = repo.links?.clone?.find(({ name }) => name === 'https')?.href ?? ''
  return cleanRepo({
    remoteId: repo.uuid,
    slug: repo.full_name,
    link: repo.links?.html?.href ?? '',
    cloneUrl: withoutUser(https),
    defaultBranch: repo.mainbranch?.name ?? '',
    visibility: repo.is_private === false ? 'public' : 'private',
    archived: false,
    role,
  })
}

/** The address has the asking user's name in it: `https://jane@bitbucket.org/...`. */
function withoutUser(url: string): string {
  if (!URL.canParse(url)) return ''
  const parsed = new URL(url)
  parsed.username = ''
  parsed.password = ''
  return parsed.href
}

/** `next` is the address of the next page, absent on the last one. */
const nextPage: NextPage = ({ body }) => {
  const next = Paged.Check(body) ? body.next : undefined
  return next === undefined ? null : queryOf(next)
}

/**
 * https://developer.atlassian.com/cloud/bitbucket/rest/api-group-commit-statuses/. A status of that key is overwritten;
 * a pull request shows those whose `refname` is its source branch.
 */
const setStatus: ForgeCalls['setStatus'] = async (http, token, { slug }, status, signal) => {
  const { commit, state, context, description, link, branch } = status
  await http.request({
    method: 'POST',
    path: `/repositories/${pathOf(slug)}/commit/${commit}/statuses/build`,
    json: {
      key: keyOf(context),
      state: STATES[state],
      name: context,
      url: link,
      description,
      ...(branch === '' ? {} : { refname: branch }),
    },
    authorization: authorization(token),
    signal,
  })
}

const KEY_LENGTH_MAX = 40
const DIGEST_LENGTH = 8

/** A key has at most 40 characters: a longer one keeps its end, which tells it apart, and a digest of the whole. */
export function keyOf(context: string): string {
  if (context.length <= KEY_LENGTH_MAX) return context
  const digest = createHash('sha256').update(context).digest('hex').slice(0, DIGEST_LENGTH)
  return `${digest}-${context.slice(-(KEY_LENGTH_MAX - DIGEST_LENGTH - 1))}`
}

const STATES: Readonly<Record<StatusState, string>> = {
  pending: 'INPROGRESS',
  running: 'INPROGRESS',
  success: 'SUCCESSFUL',
  failure: 'FAILED',
  error: 'FAILED',
  killed: 'STOPPED',
}

const CALLS: ForgeCalls = {
  ...{ user, repos, repo, setStatus },
  // https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/, "Webhooks"
  ...hookCalls({
    path: ({ slug }) => `/repositories/${pathOf(slug)}/hooks`,
    authorization,
    query: { pagelen: String(PAGE_SIZE) },
    nextPage,
    change: 'PUT',
    json: ({ url, secret }) => ({
      ...{ description: 'Sandpiper', url, secret, active: true },
      events: [
        ...['repo:push', 'pullrequest:created', 'pullrequest:updated'],
        ...['pullrequest:fulfilled', 'pullrequest:rejected'],
      ],
    }),
  }),
}
