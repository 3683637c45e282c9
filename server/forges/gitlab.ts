import { Type } from 'typebox'
import type { Static } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Role } from '../people/principal.js'
import { createForge, type ForgeCalls, type Timing } from './create-forge.js'
import { cleanRepo, Id, MaybeFlag, MaybeText } from './decode.js'
import { ForgeError } from './errors.js'
import { PAGE_SIZE } from './limits.js'
import { hookCalls } from './hook-calls.js'
import { linkedPage } from './pages.js'
import { bearer, restCalls } from './rest-calls.js'
import type { Forge, ForgeRepo, ForgeRepoRef, ForgeSettings, StatusState } from './types.js'

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

/** https://docs.gitlab.com/development/permissions/predefined_roles/. Guests may not read the code of a private project. */
const REPORTER = 20
const DEVELOPER = 30
const MAINTAINER = 40

/** gitlab.com, or a GitLab of one's own. */
export function createGitLab(settings: ForgeSettings, timing: Timing): Forge {
  return createForge(settings, { apiUrl: `${settings.url}/api/v4`, timing }, CALLS)
}

/** A project by its id, or by its path with the slashes encoded. */
function projectPath({ slug, remoteId }: ForgeRepoRef): string {
  return `/projects/${encodeURIComponent(remoteId === '' ? slug : remoteId)}`
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
const setStatus: ForgeCalls['setStatus'] = async (http, token, repo, status, signal) => {
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

const CALLS: ForgeCalls = {
  ...restCalls({
    repoPath: (slug) => projectPath({ slug, remoteId: '' }),
    repoShape: Project,
    repoOf,
    isHidden: (project) => project.visibility === 'private' && levelOf(project) < REPORTER,
    // Keyset pages: those by number end at 50,000 entries.
    list: {
      path: '/projects',
      query: {
        membership: 'true',
        min_access_level: String(REPORTER),
        ...{ pagination: 'keyset', order_by: 'id', sort: 'asc', per_page: String(PAGE_SIZE) },
      },
    },
  }),
  setStatus,
  // https://docs.gitlab.com/api/project_webhooks/
  ...hookCalls({
    path: (repo) => `${projectPath(repo)}/hooks`,
    authorization: bearer,
    query: { per_page: String(PAGE_SIZE) },
    nextPage: linkedPage,
    change: 'PUT',
    json: ({ url, secret }) => ({
      ...{ url, token: secret, enable_ssl_verification: true },
      ...{ push_events: true, tag_push_events: true },
      ...{ merge_requests_events: true, releases_events: true },
    }),
  }),
}
