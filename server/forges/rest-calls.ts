import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import type { ForgeCalls } from './create-forge.js'
import { decode, Id, MaybeText, type Shape } from './decode.js'
import { linkedPage, pagesOf } from './pages.js'
import type { ForgeRepo } from './types.js'

/** Where forges differ that are asked for people and repos in the same way. */
export interface RestApi<T> {
  /** Path of a repo by its slug. */
  readonly repoPath: (slug: string) => string
  readonly repoShape: Shape<T>
  readonly repoOf: (body: T) => ForgeRepo
  /** Whether one that was asked for counts as not there; the list holds none of those. */
  readonly isHidden?: (body: T) => boolean
  /** The list of repos that one may at least read, with links to its next pages. */
  readonly list: { readonly path: string; readonly query: Readonly<Record<string, string>> }
}

const Profile = { id: Id, email: MaybeText, avatar_url: MaybeText }
/** GitHub: login, name. Gitea: login, full_name. GitLab: username, name. */
const User = Compile(
  Type.Union([
    Type.Object({ ...Profile, login: Type.String(), name: MaybeText, full_name: MaybeText }),
    Type.Object({ ...Profile, username: Type.String(), name: MaybeText }),
  ]),
)
const List = Compile(Type.Array(Type.Unknown()))

/** OAuth and personal tokens alike: GitHub, Gitea, Forgejo and GitLab document both. */
export function bearer(token: string): string {
  return `Bearer ${token}`
}

/** GitHub, Gitea, Forgejo, GitLab: `/user`, one repo by its path, and a list with `Link` headers. */
export function restCalls<T>(api: RestApi<T>): Pick<ForgeCalls, 'user' | 'repos' | 'repo'> {
  const { repoShape, repoOf, list } = api
  return {
    user: async (http, token) => {
      const { body } = await http.request({ path: '/user', authorization: bearer(token) })
      const user = decode(http.name, User, body)
      return {
        remoteId: String(user.id),
        login: 'login' in user ? user.login : user.username,
        name: ('full_name' in user ? user.full_name : user.name) ?? '',
        email: user.email ?? '',
        avatar: user.avatar_url ?? '',
      }
    },
    repos: async function* (http, token) {
      const request = { ...list, authorization: bearer(token) }
      for await (const { body } of pagesOf(http, request, linkedPage)) {
        for (const one of decode(http.name, List, body)) {
          yield repoOf(decode(http.name, repoShape, one))
        }
      }
    },
    repo: async (http, token, slug) => {
      const path = api.repoPath(slug)
      const answer = await http.request({ path, authorization: bearer(token), expects: [404] })
      if (answer.status === 404) return null
      const body = decode(http.name, repoShape, answer.body)
      return api.isHidden?.(body) ? null : repoOf(body)
    },
  }
}
