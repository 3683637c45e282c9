import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { record, strings } from './json-values.js'
import { locked, type StoreState } from './state.js'
import { isLeft, ownedName, readJson, writeWhole } from './store-files.js'
import type { Lease } from './types.js'

/** A lease is a file named after its process that names layers; whoever removes layers reads all of them. */
export async function openLease(state: StoreState): Promise<Lease> {
  const path = join(state.paths.leases, await ownedName())
  const held = new Set<string>()
  let released = false
  /** The caller has the store's lock. */
  const add = async (diffIds: readonly string[]): Promise<void> => {
    if (released) throw new Error('the lease has been released')
    for (const diffId of diffIds) held.add(diffId)
    await writeWhole(path, JSON.stringify({ layers: [...held] }), { flush: false })
  }
  const hold = async (diffIds: readonly string[]): Promise<boolean> => {
    const more = diffIds.filter((diffId) => !held.has(diffId))
    const areThere = async (): Promise<boolean> => {
      const found = await Promise.all(more.map((diffId) => state.durability.readLayer(diffId)))
      return !found.includes(null)
    }
    if (more.length === 0) return true
    return locked(state, async () => {
      if (!(await areThere())) return false
      await add(more)
      return true
    })
  }
  const announce = async (diffIds: readonly string[]): Promise<void> => {
    if (!diffIds.every((diffId) => held.has(diffId))) await locked(state, () => add(diffIds))
  }
  const release = async (): Promise<void> => {
    released = true
    await rm(path, { force: true })
  }
  return { hold, announce, release }
}

/** Runs `work` with a lease that ends with it. */
export async function withLease<T>(
  state: StoreState,
  work: (lease: Lease) => Promise<T>,
): Promise<T> {
  const lease = await openLease(state)
  try {
    return await work(lease)
  } finally {
    await lease.release()
  }
}

/** Diff ids of all layers that living processes hold. The caller has the store's lock. */
export async function heldLayers({ paths }: Pick<StoreState, 'paths'>): Promise<Set<string>> {
  const held = new Set<string>()
  for (const name of await readdir(paths.leases)) {
    const path = join(paths.leases, name)
    if (await isLeft(path, name)) await rm(path, { force: true })
    else for (const diffId of strings(record(await readJson(path))['layers'])) held.add(diffId)
  }
  return held
}
