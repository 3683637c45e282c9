import { createForge, type ForgeCalls, type Timing } from './create-forge.js'
import { githubCalls } from './github-calls.js'
import type { Forge, ForgeSettings } from './types.js'

/** Entries of a page: more than its default `[api] MAX_RESPONSE_ITEMS` = 50 it does not give. */
const PAGE = { limit: '50', page: '1' }

/** Plain `pull_request` would bring reviews and comments as well. */
const EVENTS = [
  ...['push', 'create', 'release', 'pull_request_only', 'pull_request_sync'],
  ...['pull_request_label', 'pull_request_milestone', 'pull_request_assign'],
  'pull_request_review_request',
]

/** The webhooks that each has for everybody bear its own name. */
const callsOf = (type: 'gitea' | 'forgejo'): ForgeCalls =>
  githubCalls({ listQuery: PAGE, hookQuery: PAGE, hookEvents: EVENTS, newHook: { type } })

/** Gitea, and Forgejo, which has kept its API. */
export function createGitea(settings: ForgeSettings, timing: Timing): Forge {
  const calls = callsOf(settings.kind === 'forgejo' ? 'forgejo' : 'gitea')
  return createForge(settings, { apiUrl: `${settings.url}/api/v1`, timing }, calls)
}
