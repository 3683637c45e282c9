import type { Logger } from 'pino'
import { messageOf, SandpiperError } from '../../protocol/errors.js'
import { ForgeError } from '../forges/errors.js'
import { repoToken, type RepoTokenOptions } from '../forges/token.js'
import type { Forge, ForgeHook, ForgeRepoRef } from '../forges/types.js'
import { hookLink } from '../links.js'
import type { Principal } from '../people/principal.js'
import type { Repo, RepoService } from '../services.js'
import type { HookOutcome, RepoHooks } from './types.js'

export interface RepoHooksOptions extends RepoTokenOptions {
  readonly repos: Pick<RepoService, 'hookSecrets'>
  /** Address that forges reach the server by; null where nobody has said it. */
  readonly publicUrl: () => string | null
  readonly logger: Logger
}

const BY_HAND = 'set the webhook by hand (docs/forges.md).'

/** Webhooks, set with the token that statuses are sent with; of a person's, the one's who asks. */
export function createRepoHooks(options: RepoHooksOptions): RepoHooks {
  return {
    ensure: (repo, actor) =>
      settle(options, repo, actor, true, async ({ forge, token, ref, url }) => {
        const slug = `${repo.owner}/${repo.name}`
        const [found] = await options.repos.hookSecrets(slug)
        if (found === undefined) throw new Error('the repo has no secret that can be read')
        const hook: ForgeHook = { url, secret: found.secret }
        await forge.ensureHook(token, ref, hook)
      }),
    remove: (repo, actor) =>
      settle(options, repo, actor, false, ({ forge, token, ref, url }) =>
        forge.removeHook(token, ref, url),
      ),
  }
}

interface Place {
  readonly forge: Forge
  readonly token: string
  readonly ref: ForgeRepoRef
  readonly url: string
}

async function settle(
  options: RepoHooksOptions,
  repo: Repo,
  actor: Principal | null,
  wanted: boolean,
  work: (place: Place) => Promise<void>,
): Promise<HookOutcome> {
  const slug = `${repo.owner}/${repo.name}`
  try {
    const place = await placeOf(options, repo, actor)
    if (typeof place === 'string') return { set: false, reason: wanted ? place : '' }
    await work(place)
    return { set: wanted, reason: '' }
  } catch (error) {
    options.logger.warn({ repo: slug, wanted, reason: messageOf(error) }, 'a webhook was not set')
    const toDo = wanted ? `Or ${BY_HAND}` : 'Or remove the webhook there by hand.'
    return { set: !wanted, reason: `${reasonOf(error)} ${toDo}` }
  }
}

/** Where the webhook goes, or why nobody can set it. */
async function placeOf(
  options: RepoHooksOptions,
  repo: Repo,
  actor: Principal | null,
): Promise<Place | string> {
  if (repo.forge === '') return `The repo is at no forge that this server talks to: ${BY_HAND}`
  const publicUrl = options.publicUrl()
  if (publicUrl === null) {
    return `SANDPIPER_PUBLIC_URL is not set, so no forge knows where to send: set it, or ${BY_HAND}`
  }
  const found = await repoToken(options, repo, actor?.userId || repo.user_id)
  if (found === null) {
    return `There is no token for ${repo.forge}: give the repo or the server one, or ${BY_HAND}`
  }
  const slug = `${repo.owner}/${repo.name}`
  const url = hookLink(publicUrl, repo.forge, slug)
  return { ...found, url, ref: { slug, remoteId: repo.remote_id } }
}

/** Forges hide from those who may not set webhooks that there are any. */
function reasonOf(error: unknown): string {
  if (error instanceof ForgeError && (error.status === 403 || error.status === 404)) {
    return `${error.message}: the token may not set webhooks there; one of an administrator of the repo may.`
  }
  const hint = error instanceof SandpiperError ? ` ${error.hint}` : ''
  return `${messageOf(error)}.${hint}`
}
