import { Type } from 'typebox'
import type { Static } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Role } from '../people/principal.js'
import { cleanRepo, decode, Id, MaybeFlag, MaybeText } from './decode.js'
import { ForgeHttp, type ForgeHttpOptions } from './http.js'
import { linkedPage, pagesOf } from './pages.js'
import { pathOf } from './slug.js'
import type { Forge, ForgeRepo, ForgeSettings, ForgeUser, StatusState } from './types.js'

/** Entries of a page: more than its default `[api] MAX_RESPONSE_ITEMS` = 50 it does not give. */
const PAGE_SIZE = 50

/** `User` in Gitea's swagger, `GET /user`. */
const User = Compile(
  Type.Object({
    id: Id,
    login: Type.String(),
    full_name: MaybeText,
    email: MaybeText,
    avatar_url: MaybeText,
  }),
)

/** `Repository` in Gitea's swagger. */
const RepoShape = Type.Object({
  id: Id,
  full_name: Type.String(),
  html_url: MaybeText,
  clone_url: MaybeText,
  default_branch: MaybeText,
  private: MaybeFlag,
  internal: MaybeFlag,
  archived: MaybeFlag,
  permissions: Type.Optional(
    Type.Union([Type.Object({ admin: MaybeFlag, push: MaybeFlag }), Type.Null()]),
  ),
})
const Repo = Compile(RepoShape)
const Repos = Compile(Type.Array(RepoShape))

/** Gitea, and Forgejo, which has kept its API. */
export function createGitea(settings: ForgeSettings, timing?: ForgeHttpOptions['timing']): Forge {
  const http = new ForgeHttp({
    name: new URL(settings.url).host,
    apiUrl: settings.apiUrl ?? `${settings.url}/api/v1`,
    ...(timing ? { timing } : {}),
  })
  return {
    settings,
    user: (token) => user(http, token),
    repos: (token) => repos(http, token),
    repo: (token, slug) => repo(http, token, slug),
    setStatus: (...status) => setStatus(http, ...status),
    close: () => http.close(),
  }
}

/** `AuthorizationHeaderToken` in the swagger; it takes "Bearer" for personal and OAuth2 tokens alike. */
function bearer(token: string): string {
  return `Bearer ${token}`
}

async function user(http: ForgeHttp, token: string): Promise<ForgeUser> {
  const answer = await http.request({ path: '/user', authorization: bearer(token) })
  const body = decode(http.name, User, answer.body)
  return {
    remoteId: String(body.id),
    login: body.login,
    name: body.full_name ?? '',
    email: body.email ?? '',
    avatar: body.avatar_url ?? '',
  }
}

/** `GET /user/repos`: what he owns or has access to. */
async function* repos(http: ForgeHttp, token: string): AsyncGenerator<ForgeRepo> {
  const query = { limit: String(PAGE_SIZE), page: '1' }
  const request = { path: '/user/repos', query, authorization: bearer(token) }
  for await (const { body } of pagesOf(http, request, linkedPage)) {
    for (const one of decode(http.name, Repos, body)) yield repoOf(one)
  }
}

/** `GET /repos/{owner}/{repo}`. */
async function repo(http: ForgeHttp, token: string, slug: string): Promise<ForgeRepo | null> {
  const path = `/repos/${pathOf(slug)}`
  const answer = await http.request({ path, authorization: bearer(token), expects: [404] })
  return answer.status === 404 ? null : repoOf(decode(http.name, Repo, answer.body))
}

function repoOf(repo: Static<typeof RepoShape>): ForgeRepo {
  return cleanRepo({
    remoteId: String(repo.id),
    slug: repo.full_name,
    link: repo.html_url ?? '',
    cloneUrl: repo.clone_url ?? '',
    defaultBranch: repo.default_branch ?? '',
    visibility: repo.private !== false ? 'private' : repo.internal === true ? 'internal' : 'public',
    archived: repo.archived === true,
    role: roleOf(repo.permissions ?? {}),
  })
}

/** `Permission` in the swagger: `pull` is what whoever sees it has. */
function roleOf(permissions: { admin?: boolean | null; push?: boolean | null }): Role {
  if (permissions.admin === true) return 'admin'
  return permissions.push === true ? 'write' : 'read'
}

/** `POST /repos/{owner}/{repo}/statuses/{sha}`, `CreateStatusOption` in the swagger. */
async function setStatus(http: ForgeHttp, ...given: Parameters<Forge['setStatus']>): Promise<void> {
  const [token, { slug }, { commit, state, context, description, link }, signal] = given
  await http.request({
    method: 'POST',
    path: `/repos/${pathOf(slug)}/statuses/${commit}`,
    json: { state: STATES[state], target_url: link, description, context },
    authorization: bearer(token),
    signal,
  })
}

/** `CommitStatusState` in the swagger: pending, success, error, failure, warning. */
const STATES: Readonly<Record<StatusState, string>> = {
  pending: 'pending',
  running: 'pending',
  success: 'success',
  failure: 'failure',
  error: 'error',
  killed: 'error',
}
