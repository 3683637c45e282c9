import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import type { ForgeCalls } from './create-forge.js'
import { decode, Id, MaybeText } from './decode.js'
import type { ForgeHttp } from './http.js'
import { pagesOf, type NextPage } from './pages.js'
import type { ForgeHook, ForgeRepoRef } from './types.js'

/** Where forges differ in the webhooks of their repos. */
export interface HookApi {
  /** Path of the list of them. */
  readonly path: (repo: ForgeRepoRef) => string
  readonly authorization: (token: string) => string
  /** Of the list's first page. */
  readonly query: Readonly<Record<string, string>>
  readonly nextPage: NextPage
  /** What changes one that is there. */
  readonly change: 'PATCH' | 'PUT'
  /** What the forge calls a webhook with the events that are read here. */
  readonly json: (hook: ForgeHook) => object
  /** What it wants to know besides of a new one. */
  readonly newJson?: object
}

/** GitHub, Gitea: `config.url`, and `url` is another thing. GitLab, both Bitbuckets: `url`. */
const Hook = Type.Object({
  id: Type.Optional(Id),
  uuid: Type.Optional(Type.String()),
  url: MaybeText,
  config: Type.Optional(Type.Object({ url: MaybeText })),
})
const Hooks = Compile(Type.Union([Type.Array(Hook), Type.Object({ values: Type.Array(Hook) })]))

/** All six have a list of a repo's webhooks, in which one is made, and each of which is changed and removed by its id. */
export function hookCalls(api: HookApi): Pick<ForgeCalls, 'ensureHook' | 'removeHook'> {
  return {
    ensureHook: async (http, token, repo, hook) => {
      const [first, ...others] = await hooksTo(api, http, { token, repo, url: hook.url })
      const list = api.path(repo)
      const authorization = api.authorization(token)
      const json = api.json(hook)
      await http.request(
        first === undefined
          ? { method: 'POST', path: list, authorization, json: { ...json, ...api.newJson } }
          : { method: api.change, path: `${list}/${first}`, authorization, json },
      )
      await removeAll(api, http, { token, repo, ids: others })
    },
    removeHook: async (http, token, repo, url) => {
      const ids = await hooksTo(api, http, { token, repo, url })
      await removeAll(api, http, { token, repo, ids })
    },
  }
}

interface Asked {
  readonly token: string
  readonly repo: ForgeRepoRef
}

/** Ids of the webhooks to an address, as they stand in a path. */
async function hooksTo(
  api: HookApi,
  http: ForgeHttp,
  { token, repo, url }: Asked & { readonly url: string },
): Promise<readonly string[]> {
  const authorization = api.authorization(token)
  const request = { path: api.path(repo), query: api.query, authorization }
  const ids: string[] = []
  for await (const { body } of pagesOf(http, request, api.nextPage)) {
    const hooks = decode(http.name, Hooks, body)
    for (const { id, uuid, config, url: own } of Array.isArray(hooks) ? hooks : hooks.values) {
      const to = config?.url ?? own ?? ''
      if (placeOf(to) === placeOf(url)) ids.push(encodeURIComponent(uuid ?? String(id)))
    }
  }
  return ids
}

async function removeAll(
  api: HookApi,
  http: ForgeHttp,
  { token, repo, ids }: Asked & { readonly ids: readonly string[] },
): Promise<void> {
  const authorization = api.authorization(token)
  for (const id of ids) {
    const path = `${api.path(repo)}/${id}`
    await http.request({ method: 'DELETE', path, authorization, expects: [404] })
  }
}

/** The query only names the repo, which the list is of. */
function placeOf(url: string): string {
  if (!URL.canParse(url)) return url
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}
