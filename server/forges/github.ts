import { createForge, type Timing } from './create-forge.js'
import { githubCalls } from './github-calls.js'
import { PAGE_SIZE } from './limits.js'
import type { Forge, ForgeSettings } from './types.js'

const CALLS = githubCalls({
  // https://docs.github.com/rest/repos/repos#list-repositories-for-the-authenticated-user
  listQuery: { per_page: String(PAGE_SIZE), sort: 'full_name' },
  hookQuery: { per_page: String(PAGE_SIZE) },
  hookEvents: ['push', 'pull_request', 'release', 'deployment'],
})

/** GitHub, or GitHub Enterprise Server, whose API is at `/api/v3` of its own address. */
export function createGitHub(settings: ForgeSettings, timing: Timing): Forge {
  const { url } = settings
  const api = {
    apiUrl: url === 'https://github.com' ? 'https://api.github.com' : `${url}/api/v3`,
    accept: 'application/vnd.github+json',
    headers: { 'x-github-api-version': '2022-11-28' },
    timing,
  }
  return createForge(settings, api, CALLS)
}
