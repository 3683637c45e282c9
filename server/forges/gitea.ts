import { createForge, type Timing } from './create-forge.js'
import { githubCalls } from './github-calls.js'
import type { Forge, ForgeSettings } from './types.js'

/** `GET /user/repos`: more in a page than its default `[api] MAX_RESPONSE_ITEMS` = 50 it does not give. */
const CALLS = githubCalls({ limit: '50', page: '1' })

/** Gitea, and Forgejo, which has kept its API. */
export function createGitea(settings: ForgeSettings, timing: Timing): Forge {
  return createForge(settings, { apiUrl: `${settings.url}/api/v1`, timing }, CALLS)
}
