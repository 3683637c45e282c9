import { Type } from 'typebox'
import type { Static } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Role } from '../people/principal.js'
import { cleanRepo, decode, Id, MaybeFlag, MaybeText } from './decode.js'
import { ForgeHttp, type ForgeHttpOptions } from './http.js'
import { PAGE_SIZE } from './limits.js'
import { linkedPage, pagesOf } from './pages.js'
import { pathOf } from './slug.js'
import type { Forge, ForgeRepo, ForgeSettings, ForgeUser, StatusState } from './types.js'

/** https://docs.github.com/rest/users/users#get-the-authenticated-user */
const User = Compile(
  Type.Object({
    id: Id,
    login: Type.String(),
    name: MaybeText,
    email: MaybeText,
    avatar_url: MaybeText,
  }),
)

const RepoShape = Type.Object({
  id: Id,
  full_name: Type.String(),
  html_url: MaybeText,
  clone_url: MaybeText,
  default_branch: MaybeText,
  private: MaybeFlag,
  visibility: MaybeText,
  archived: MaybeFlag,
  permissions: Type.Optional(
    Type.Object({ admin: MaybeFlag, maintain: MaybeFlag, push: MaybeFlag }),
  ),
})
const Repo = Compile(RepoShape)
/** https://docs.github.com/rest/repos/repos#list-repositories-for-the-authenticated-user */
const Repos = Compile(Type.Array(RepoShape))

/** GitHub, or GitHub Enterprise Server, whose API is at `/api/v3` of its own address. */
export function createGitHub(settings: ForgeSettings, timing?: ForgeHttpOptions['timing']): Forge {
  const http = new ForgeHttp({
    name: new URL(settings.url).host,
    apiUrl: settings.apiUrl ?? apiUrlOf(settings.url),
    accept: 'application/vnd.github+json',
    headers: { 'x-github-api-version': '2022-11-28' },
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

function apiUrlOf(url: string): string {
  return url === 'https://github.com' ? 'https://api.github.com' : `${url}/api/v3`
}

/** https://docs.github.com/rest/authentication/authenticating-to-the-rest-api: OAuth and personal tokens alike. */
function bearer(token: string): string {
  return `Bearer ${token}`
}

async function user(http: ForgeHttp, token: string): Promise<ForgeUser> {
  const answer = await http.request({ path: '/user', authorization: bearer(token) })
  const body = decode(http.name, User, answer.body)
  return {
    remoteId: String(body.id),
    login: body.login,
    name: body.name ?? '',
    email: body.email ?? '',
    avatar: body.avatar_url ?? '',
  }
}

async function* repos(http: ForgeHttp, token: string): AsyncGenerator<ForgeRepo> {
  const query = { per_page: String(PAGE_SIZE), sort: 'full_name' }
  const request = { path: '/user/repos', query, authorization: bearer(token) }
  for await (const { body } of pagesOf(http, request, linkedPage)) {
    for (const one of decode(http.name, Repos, body)) yield repoOf(one)
  }
}

/** https://docs.github.com/rest/repos/repos#get-a-repository */
async function repo(http: ForgeHttp, token: string, slug: string): Promise<ForgeRepo | null> {
  const path = `/repos/${pathOf(slug)}`
  const answer = await http.request({ path, authorization: bearer(token), expects: [404] })
  return answer.status === 404 ? null : repoOf(decode(http.name, Repo, answer.body))
}

function repoOf(repo: Static<typeof RepoShape>): ForgeRepo {
  const { visibility } = repo
  return cleanRepo({
    remoteId: String(repo.id),
    slug: repo.full_name,
    link: repo.html_url ?? '',
    cloneUrl: repo.clone_url ?? '',
    defaultBranch: repo.default_branch ?? '',
    visibility:
      visibility === 'public' || visibility === 'internal'
        ? visibility
        : repo.private === false && visibility !== 'private'
          ? 'public'
          : 'private',
    archived: repo.archived === true,
    role: roleOf(repo.permissions ?? {}),
  })
}

/**
 * GitHub's roles are read, triage, write, maintain and admin ("Repository roles for an organization"); triage may not
 * push, and maintain may not change what is sensitive, such as webhooks.
 */
function roleOf(permissions: NonNullable<Static<typeof RepoShape>['permissions']>): Role {
  if (permissions.admin === true) return 'admin'
  return permissions.maintain === true || permissions.push === true ? 'write' : 'read'
}

/**
 * https://docs.github.com/rest/commits/statuses#create-a-commit-status. A status of that context replaces the last
 * one; there can be a thousand of them for a commit.
 */
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

/** GitHub knows no running and no cancelled one. */
const STATES: Readonly<Record<StatusState, string>> = {
  pending: 'pending',
  running: 'pending',
  success: 'success',
  failure: 'failure',
  error: 'error',
  killed: 'error',
}
