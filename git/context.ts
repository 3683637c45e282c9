import { join } from 'node:path'
import { withFileLock } from './file-lock.js'
import type { KeyedMutex } from './mutex.js'
import type { RemoteUrl } from './remote-url.js'
import type { GitCommand, GitHome } from './run.js'

/** What the operations on one mirror share. */
export interface MirrorContext {
  readonly path: string
  readonly slug: string
  readonly remote: RemoteUrl
  /** Hosts beside the remote's own that submodules may come from. */
  readonly submoduleHosts: readonly string[]
  readonly mutex: KeyedMutex
  /** Files that stand in for the user's; made at first use. */
  home(): Promise<GitHome>
  /** Ref that each commit was last asked for with, to fetch it again into a rebuilt mirror. */
  readonly refs: Map<string, string>
}

/** Runs `work` while nobody else, in this process or another, changes the mirror. */
export async function exclusively<T>(
  context: MirrorContext,
  signal: AbortSignal | undefined,
  work: (home: GitHome) => Promise<T>,
): Promise<T> {
  const home = await context.home()
  return context.mutex.run(context.path, () => {
    signal?.throwIfAborted()
    const options = { timeoutMs: home.limits.lockTimeoutMs, signal }
    return withFileLock(`${context.path}.lock`, options, () => work(home))
  })
}

/** What a git process needs that talks to the mirror's own remote. */
export function accessTo(remote: RemoteUrl): Pick<GitCommand, 'transports' | 'login' | 'secrets'> {
  const { transport, login, secrets } = remote
  // `http` is one helper for both, and a server may redirect from one to the other.
  return { transports: transport === 'http' ? 'http:https' : transport, login, secrets }
}

/** Path of a file in the mirror. */
export function inMirror(context: MirrorContext, name: string): string {
  return join(context.path, name)
}
