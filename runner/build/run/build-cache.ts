import { createHash } from 'node:crypto'
import type { StoredLayer } from '../../layers/types.js'
import type { LayerKeeper } from './layers.js'

/** What decides what an instruction makes; with equal parts it is not done again. */
export interface CacheKey {
  /** Diff ids below, bottom first. */
  readonly below: readonly string[]
  /** All that the instruction says and sees. */
  readonly what: unknown
}

/** Layers that instructions have made before, on this runner. */
export class BuildCache {
  readonly #keeper: Pick<LayerKeeper, 'layers' | 'lease'>
  readonly #isUsed: boolean

  /** @param isUsed whether old layers may be used; new ones are kept in any case */
  constructor(keeper: Pick<LayerKeeper, 'layers' | 'lease'>, isUsed: boolean) {
    this.#keeper = keeper
    this.#isUsed = isUsed
  }

  /** The diff id that was kept, null where nothing was written; undefined: it has to be done. */
  async find(key: CacheKey): Promise<string | null | undefined> {
    if (!this.#isUsed) return undefined
    const { layers, lease } = this.#keeper
    const found = await layers.readRecord(keyText(key), lease)
    if (found === null) return undefined
    const [layer] = found.layers
    return isNothing(found.data) ? null : layer
  }

  async keep(key: CacheKey, layer: StoredLayer | null): Promise<void> {
    // A record leads to layers: of an instruction that wrote nothing to the one below.
    const leads = layer?.diffId ?? key.below.at(-1)
    if (leads === undefined) return
    const data = { wroteNothing: layer === null }
    await this.#keeper.layers.writeRecord(keyText(key), { layers: [leads], data })
  }
}

function isNothing(data: unknown): boolean {
  return (data as { readonly wroteNothing?: unknown } | null)?.wroteNothing === true
}

function keyText({ below, what }: CacheKey): string {
  const digest = createHash('sha256').update(JSON.stringify({ below, what })).digest('hex')
  return `build 1 ${digest}`
}
