import { createBitbucketServer } from './bitbucket-server.js'
import { createBitbucket } from './bitbucket.js'
import { createGitea } from './gitea.js'
import { createGitHub } from './github.js'
import { createGitLab } from './gitlab.js'
import type { Timing } from './create-forge.js'
import type { Forge, ForgeKind, Forges, ForgeSettings } from './types.js'

type Create = (settings: ForgeSettings, timing: Timing) => Forge

/** Forgejo has kept the API of Gitea, which it comes from. */
const CREATE: Readonly<Record<ForgeKind, Create>> = {
  github: createGitHub,
  gitea: createGitea,
  forgejo: createGitea,
  gitlab: createGitLab,
  bitbucket: createBitbucket,
  'bitbucket-server': createBitbucketServer,
}

/** Clients for the forges that are set up, by their kinds. */
export function createForges(settings: readonly ForgeSettings[], timing?: Timing): Forges {
  return new Map(settings.map((one) => [one.kind, CREATE[one.kind](one, timing)]))
}

/** Ends the connections of all. */
export async function closeForges(forges: Forges): Promise<void> {
  await Promise.all([...forges.values()].map((forge) => forge.close()))
}
