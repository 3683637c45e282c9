import { Type } from 'typebox'
import type { Static } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Role } from '../people/principal.js'
import { cleanRepo, decode, Id, MaybeFlag, MaybeText } from './decode.js'
import { ForgeError } from './errors.js'
import { ForgeHttp, type ForgeHttpOptions } from './http.js'
import { PAGE_SIZE } from './limits.js'
import { linkedPage, pagesOf } from './pages.js'
import type {
  Forge,
  ForgeRepo,
  ForgeRepoRef,
  ForgeSettings,
  ForgeUser,
  StatusState,
} from './types.js'

/** https://docs.gitlab.com/api/users/#retrieve-the-current-user */
const User = Compile(
  Type.Object({
    id: Id,
    username: Type.String(),
    name: MaybeText,
    email: MaybeText,
    avatar_url: MaybeText,
  }),
)

const Access = Type.Optional(
  Type.Union([Type.Null(), Type.Object({ access_level: Type.Optional(Type.Integer()) })]),
)

/** https://docs.gitlab.com/api/projects/ */
const ProjectShape = Type.Object({
  id: Id,
  path_with_namespace: Type.String(),
  web_url: MaybeText,
  http_url_to_repo: MaybeText,
  default_branch: MaybeText,
  visibility: MaybeText,
  archived: MaybeFlag,
  permissions: Type.Optional(
    Type.Union([Type.Null(), Type.Object({ project_access: Access, group_access: Access })]),
  ),
})
const Project = Compile(ProjectShape)
const Projects = Compile(Type.Array(ProjectShape))

/** https://docs.gitlab.com/development/permissions/predefined_roles/ */
const REPORTER = 20
const DEVELOPER = 30
const MAINTAINER = 40

/** gitlab.com, or a GitLab of one's own. */
export function createGitLab(settings: ForgeSettings, timing?: ForgeHttpOptions['timing']): Forge {
  const http = new ForgeHttp({
    name: new URL(settings.url).host,
    apiUrl: settings.apiUrl ?? `${settings.url}/api/v4`,
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

/** https://docs.gitlab.com/api/rest/authentication/: OAuth2 and personal access tokens alike. */
function bearer(token: string): string {
  return `Bearer ${token}`
}

/** A project by its id, or by its path with the slashes encoded. */
function projectPath({ slug, remoteId }: ForgeRepoRef): string {
  return `/projects/${encodeURIComponent(remoteId === '' ? slug : remoteId)}`
}

async function user(http: ForgeHttp, token: string): Promise<ForgeUser> {
  const answer = await http.request({ path: '/user', authorization: bearer(token) })
  const body = decode(http.name, User, answer.body)
  return {
    remoteId: String(body.id),
    login: body.username,
    name: body.name ?? '',
    email: body.email ?? '',
    avatar: body.avatar_url ?? '',
  }
}

/** Keyset pages: those by number end at 50,000 entries. Guests may not read the code of a private project. */
async function* repos(http: ForgeHttp, token: string): AsyncGenerator<ForgeRepo> {
  const query = {
    membership: 'true',
    min_access_level: String(REPORTER),
    ...{ pagination: 'keyset', order_by: 'id', sort: 'asc', per_page: String(PAGE_SIZE) },
  }
  const request = { path: '/projects', query, authorization: bearer(token) }
  for await (const { body } of pagesOf(http, request, linkedPage)) {
    for (const one of decode(http.name, Projects, body)) yield repoOf(one)
  }
}

async function repo(http: ForgeHttp, token: string, slug: string): Promise<ForgeRepo | null> {
  const path = projectPath({ slug, remoteId: '' })
  const answer = await http.request({ path, authorization: bearer(token), expects: [404] })
  if (answer.status === 404) return null
  const project = decode(http.name, Project, answer.body)
  const isHidden = project.visibility === 'private' && levelOf(project) < REPORTER
  return isHidden ? null : repoOf(project)
}

function repoOf(project: Static<typeof ProjectShape>): ForgeRepo {
  const { visibility } = project
  return cleanRepo({
    remoteId: String(project.id),
    slug: project.path_with_namespace,
    link: project.web_url ?? '',
    cloneUrl: project.http_url_to_repo ?? '',
    defaultBranch: project.default_branch ?? '',
    visibility: visibility === 'public' || visibility === 'internal' ? visibility : 'private',
    archived: project.archived === true,
    role: roleOf(levelOf(project)),
  })
}

/** The higher one of the level in the project and the one that its group gives. */
function levelOf({ permissions }: Static<typeof ProjectShape>): number {
  const { project_access: project, group_access: group } = permissions ?? {}
  return Math.max(project?.access_level ?? 0, group?.access_level ?? 0)
}

/** Developers push, maintainers change the settings of CI/CD (https://docs.gitlab.com/user/permissions/). */
function roleOf(level: number): Role {
  if (level >= MAINTAINER) return 'admin'
  return level >= DEVELOPER ? 'write' : 'read'
}

/** https://docs.gitlab.com/api/commits/#set-commit-pipeline-status */
async function setStatus(http: ForgeHttp, ...given: Parameters<Forge['setStatus']>): Promise<void> {
  const [token, repo, status, signal] = given
  const { commit, state, context, description, link, branch } = status
  try {
    await http.request({
      method: 'POST',
      path: `${projectPath(repo)}/statuses/${commit}`,
      json: {
        state: STATES[state],
        name: context,
        target_url: link,
        description,
        ...(branch === '' ? {} : { ref: branch }),
      },
      authorization: bearer(token),
      signal,
    })
  } catch (error) {
    if (!isThereAlready(error, state)) throw error
  }
}

/**
 * A status that has not ended can't be set to what it is, or back: "Cannot transition status via :run from :running".
 * What the forge shows then is right enough until the next one.
 */
function isThereAlready(error: unknown, state: StatusState): boolean {
  const isRefused = error instanceof ForgeError && error.status === 400
  const hasEnded = state !== 'pending' && state !== 'running'
  return isRefused && !hasEnded && error.message.includes('Cannot transition status')
}

const STATES: Readonly<Record<StatusState, string>> = {
  pending: 'pending',
  running: 'running',
  success: 'success',
  failure: 'failed',
  error: 'failed',
  killed: 'canceled',
}
