import { createHash } from 'node:crypto'
import type { StoredLayer } from '../../layers/types.js'
import type { LayerKeeper } from './layers.js'

/** What decides what an instruction makes; with equal parts it is not done again. */
export interface CacheKey {
  /** Diff ids below, bottom first. */
  readonly below: readonly string[]
  /** All that the instruction says and sees. */
  readonly what: unknown
  /** It sees secrets: what it made is for those alone who were trusted with them. */
  readonly hasSecrets?: boolean
}

export interface CacheOptions {
  readonly keeper: Pick<LayerKeeper, 'layers' | 'lease'>
  /** Whether old layers may be used; new ones are kept in any case. */
  readonly isUsed: boolean
  /**
   * Whose layers may be used; new ones are the first one's. What a RUN makes depends on whom its network led
   * to, so nobody takes layers from those whom he does not trust.
   */
  readonly scopes: readonly string[]
}

/** Layers that instructions have made before, on this runner. */
export class BuildCache {
  readonly #options: CacheOptions

  constructor(options: CacheOptions) {
    this.#options = options
  }

  /** The diff id that was kept, null where nothing was written; undefined: it has to be done. */
  async find(key: CacheKey): Promise<string | null | undefined> {
    const { keeper, isUsed, scopes } = this.#options
    const readable = key.hasSecrets === true ? scopes.slice(0, 1) : scopes
    for (const scope of isUsed ? readable : []) {
      const found = await keeper.layers.readRecord(keyText(key, scope), keeper.lease)
      if (found !== null) return isNothing(found.data) ? null : found.layers[0]
    }
    return undefined
  }

  async keep(key: CacheKey, layer: StoredLayer | null): Promise<void> {
    // A record leads to layers: of an instruction that wrote nothing to the one below.
    const leads = layer?.diffId ?? key.below.at(-1)
    if (leads === undefined) return
    const { keeper, scopes } = this.#options
    const data = { wroteNothing: layer === null }
    await keeper.layers.writeRecord(keyText(key, scopes[0] ?? ''), { layers: [leads], data })
  }
}

function isNothing(data: unknown): boolean {
  return (data as { readonly wroteNothing?: unknown } | null)?.wroteNothing === true
}

function keyText({ below, what }: CacheKey, scope: string): string {
  const text = JSON.stringify({ scope, below, what })
  const digest = createHash('sha256').update(text).digest('hex')
  return `build 1 ${digest}`
}
