import { createForges } from '../create-forges.js'
import type { ForgeHttpOptions } from '../http.js'
import type { Forge, ForgeKind } from '../types.js'
import { bitbucketServerModel } from './bitbucket-server.js'
import { bitbucketModel } from './bitbucket.js'
import { giteaModel } from './gitea.js'
import { githubModel } from './github.js'
import { gitlabModel } from './gitlab.js'
import { StandIn, type ForgeModel } from './stand-in.js'
import { World } from './world.js'

const MODELS: Readonly<Record<ForgeKind, (world: World) => ForgeModel>> = {
  github: githubModel,
  gitea: giteaModel,
  forgejo: giteaModel,
  gitlab: gitlabModel,
  bitbucket: bitbucketModel,
  'bitbucket-server': bitbucketServerModel,
}

/** A forge on loopback, what it was given, and the client for it. */
export interface TestForge {
  readonly standIn: StandIn
  readonly world: World
  readonly forge: Forge
  close(): Promise<void>
}

/** Starts a stand-in of that kind with a client for it. */
export async function startForge(
  kind: ForgeKind,
  options: { readonly token?: string; readonly timing?: ForgeHttpOptions['timing'] } = {},
): Promise<TestForge> {
  const world = new World()
  const standIn = await StandIn.start(MODELS[kind](world))
  const { token, timing } = options
  const settings = { kind, url: standIn.url, ...(token === undefined ? {} : { token }) }
  const forge = createForges([settings], timing).get(kind)
  if (!forge) throw new Error(`there is no client for ${kind}`)
  return {
    ...{ standIn, world, forge },
    async close() {
      await forge.close()
      await standIn.close()
    },
  }
}
