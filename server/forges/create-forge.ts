import { ForgeHttp, type ForgeHttpOptions } from './http.js'
import type { Forge, ForgeSettings } from './types.js'

/** Times that tests shorten. */
export type Timing = ForgeHttpOptions['timing']

/** What a kind of forge brings: each call of `Forge`, over a connection to the API. */
export type ForgeCalls = {
  readonly [Call in Exclude<keyof Forge, 'settings' | 'close'>]: (
    http: ForgeHttp,
    ...given: Parameters<Forge[Call]>
  ) => ReturnType<Forge[Call]>
}

/** The client of one forge. `api` is how it is reached unless the settings say where. */
export function createForge(
  settings: ForgeSettings,
  api: Pick<ForgeHttpOptions, 'apiUrl' | 'accept' | 'headers' | 'timing'>,
  calls: ForgeCalls,
): Forge {
  const apiUrl = settings.apiUrl ?? api.apiUrl
  const http = new ForgeHttp({ ...api, name: new URL(settings.url).host, apiUrl })
  return {
    settings,
    user: (token) => calls.user(http, token),
    repos: (token) => calls.repos(http, token),
    repo: (token, slug) => calls.repo(http, token, slug),
    ensureHook: (token, repo, hook) => calls.ensureHook(http, token, repo, hook),
    removeHook: (token, repo, url) => calls.removeHook(http, token, repo, url),
    setStatus: (...status) => calls.setStatus(http, ...status),
    close: () => http.close(),
  }
}
