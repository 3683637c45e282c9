import { Type } from 'typebox'
import type { Static } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Role } from '../people/principal.js'
import type { ForgeCalls } from './create-forge.js'
import { cleanRepo, Id, MaybeFlag, MaybeText } from './decode.js'
import { hookCalls } from './hook-calls.js'
import { linkedPage } from './pages.js'
import { bearer, restCalls } from './rest-calls.js'
import { pathOf } from './slug.js'
import type { ForgeRepo, StatusState } from './types.js'

/** `full-repository` in GitHub's OpenAPI description, `Repository` in Gitea's swagger. */
const RepoShape = Type.Object({
  id: Id,
  full_name: Type.String(),
  html_url: MaybeText,
  clone_url: MaybeText,
  default_branch: MaybeText,
  private: MaybeFlag,
  visibility: MaybeText,
  internal: MaybeFlag,
  archived: MaybeFlag,
  permissions: Type.Optional(
    Type.Union([
      Type.Object({ admin: MaybeFlag, maintain: MaybeFlag, push: MaybeFlag }),
      Type.Null(),
    ]),
  ),
})
type RepoBody = Static<typeof RepoShape>
const Repo = Compile(RepoShape)

export interface GitHubDialect {
  /** Of the first page of repos. */
  readonly listQuery: Readonly<Record<string, string>>
  /** Of the first page of webhooks. */
  readonly hookQuery: Readonly<Record<string, string>>
  readonly hookEvents: readonly string[]
  /** What a new webhook needs besides. */
  readonly newHook?: object
}

/**
 * The API that GitHub has, and that Gitea and Forgejo have taken over from it. Webhooks:
 * https://docs.github.com/rest/repos/webhooks, `CreateHookOption` and `EditHookOption` in Gitea's swagger.
 */
export function githubCalls(dialect: GitHubDialect): ForgeCalls {
  const { listQuery, hookQuery, hookEvents, newHook = {} } = dialect
  return {
    ...hookCalls({
      path: ({ slug }) => `/repos/${pathOf(slug)}/hooks`,
      authorization: bearer,
      query: hookQuery,
      nextPage: linkedPage,
      change: 'PATCH',
      json: ({ url, secret }) => ({
        active: true,
        events: hookEvents,
        config: { url, secret, content_type: 'json' },
      }),
      newJson: newHook,
    }),
    ...restCalls({
      repoPath: (slug) => `/repos/${pathOf(slug)}`,
      repoShape: Repo,
      repoOf,
      list: { path: '/user/repos', query: listQuery },
    }),
    setStatus,
  }
}

function repoOf(repo: RepoBody): ForgeRepo {
  return cleanRepo({
    remoteId: String(repo.id),
    slug: repo.full_name,
    link: repo.html_url ?? '',
    cloneUrl: repo.clone_url ?? '',
    defaultBranch: repo.default_branch ?? '',
    visibility: visibilityOf(repo),
    archived: repo.archived === true,
    role: roleOf(repo.permissions ?? {}),
  })
}

/** GitHub says it in a word, Gitea by flags. */
function visibilityOf({
  visibility,
  private: hidden,
  internal,
}: RepoBody): ForgeRepo['visibility'] {
  if (visibility === 'public' || visibility === 'internal') return visibility
  if (hidden !== false || visibility === 'private') return 'private'
  return internal === true ? 'internal' : 'public'
}

/**
 * GitHub's roles are read, triage, write, maintain and admin ("Repository roles for an organization"); triage may not
 * push, and maintain may not change what is sensitive, such as webhooks. Gitea has no maintain.
 */
function roleOf({ admin, maintain, push }: NonNullable<RepoBody['permissions']>): Role {
  if (admin === true) return 'admin'
  return maintain === true || push === true ? 'write' : 'read'
}

/**
 * https://docs.github.com/rest/commits/statuses#create-a-commit-status, `CreateStatusOption` in Gitea's swagger. A status
 * of that context replaces the last one; at GitHub there can be a thousand of them for a commit.
 */
const setStatus: ForgeCalls['setStatus'] = async (http, token, { slug }, status, signal) => {
  const { commit, state, context, description, link } = status
  await http.request({
    method: 'POST',
    path: `/repos/${pathOf(slug)}/statuses/${commit}`,
    json: { state: STATES[state], target_url: link, description, context },
    authorization: bearer(token),
    signal,
  })
}

/** Neither knows a running one, nor a cancelled one. */
const STATES: Readonly<Record<StatusState, string>> = {
  pending: 'pending',
  running: 'pending',
  success: 'success',
  failure: 'failure',
  error: 'error',
  killed: 'error',
}
