import type { Principal } from '../people/principal.js'
import type { Repo } from '../services.js'

/** Sets the webhooks of repos at their forges. What stands in the way is told, and never thrown. */
export interface RepoHooks {
  /** Makes the forge send the repo's events here, signed with the repo's secret. */
  ensure(repo: Repo, actor: Principal | null): Promise<HookOutcome>
  /** Makes it send none. */
  remove(repo: Repo, actor: Principal | null): Promise<HookOutcome>
}

/** How a repo's webhook stands at its forge. */
export interface HookOutcome {
  readonly set: boolean
  /** Why it is not as wanted, and what to do; empty when it is. */
  readonly reason: string
}
