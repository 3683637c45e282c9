import { createGitea } from './gitea.js'
import { createGitHub } from './github.js'
import type { Forge, ForgeKind, Forges, ForgeSettings } from './types.js'

/** Clients for the forges that are set up, by their kinds. */
export function createForges(settings: readonly ForgeSettings[]): Forges {
  const made = settings.flatMap((one) => {
    const create = CREATE[one.kind]
    return create ? [[one.kind, create(one)] as const] : []
  })
  return new Map(made)
}

/** Ends the connections of all. */
export async function closeForges(forges: Forges): Promise<void> {
  await Promise.all([...forges.values()].map((forge) => forge.close()))
}

const CREATE: Partial<Record<ForgeKind, (settings: ForgeSettings) => Forge>> = {
  github: createGitHub,
  gitea: createGitea,
  forgejo: createGitea,
}
