import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ownIdentity, parseOwner, stateOf } from '../../git/process-identity.js'
import { isDigest } from './oci.js'

/** Directories of a layer store. */
export interface StorePaths {
  readonly root: string
  readonly layers: string
  readonly images: string
  readonly records: string
  readonly leases: string
  readonly temporary: string
  /** One lock for what all importers change, and one for each layer that is being brought. */
  readonly lock: string
  readonly layerLocks: string
}

/** The store's directories and files below its root. */
export function storePaths(root: string): StorePaths {
  return {
    root,
    layers: join(root, 'layers', 'sha256'),
    images: join(root, 'images'),
    records: join(root, 'records'),
    leases: join(root, 'leases'),
    temporary: join(root, 'tmp'),
    lock: join(root, 'lock'),
    layerLocks: join(root, 'layers', 'locks'),
  }
}

/** Directory of a layer: its files are in `fs`, what is known of it in `layer.json`. */
export function layerDirectory(paths: StorePaths, diffId: string): string {
  if (!isDigest(diffId)) throw new TypeError(`not a diff id: ${diffId}`)
  return join(paths.layers, diffId.slice('sha256:'.length))
}

const FILE_NAME_MAX = 240

/** File that holds the image of a canonical name. */
export function imageFile(paths: StorePaths, canonical: string): string {
  const escaped = encodeURIComponent(canonical)
  if (escaped.length <= FILE_NAME_MAX) return join(paths.images, `${escaped}.json`)
  const hash = createHash('sha256').update(canonical).digest('hex')
  return join(paths.images, `${escaped.slice(0, 100)}.${hash}.json`)
}

/**
 * Writes a file so that it is there whole or not at all; with `flush` (the default) also after a power loss,
 * at once.
 */
export async function writeWhole(
  path: string,
  content: string,
  { flush = true }: { readonly flush?: boolean } = {},
): Promise<void> {
  const draft = `${path}.${randomUUID()}`
  await writeFile(draft, content, { flush })
  await rename(draft, path)
}

/** What a file of ours says; null when there is none, or it is not JSON. */
export async function readJson(path: string): Promise<unknown> {
  const content = await readFile(path, 'utf8').catch(() => '')
  try {
    return JSON.parse(content)
  } catch {
    return null
  }
}

/** A name in the store that tells which process made it, so that others know when that is gone. */
export async function ownedName(): Promise<string> {
  const { pid, startTime, bootId, pidNamespace } = await ownIdentity()
  const owner = [pid, startTime, bootId, pidNamespace, randomUUID()].map(String)
  return owner.map(encodeURIComponent).join('_')
}

/** Runs `work` with a directory of its own in `tmp`, named after this process, and removes it after. */
export async function withTemporary<T>(
  paths: StorePaths,
  work: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = join(paths.temporary, await ownedName())
  await mkdir(directory, { mode: 0o700 })
  try {
    return await work(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Time after which what a process that can not be seen from here has made counts as left behind. */
const UNSEEN_OWNER_AGE_MS = 24 * 3600_000

/** Removes what processes that have died left in `tmp`, and their leases; those that run are left alone. */
export async function sweepDead(paths: StorePaths): Promise<void> {
  for (const directory of [paths.temporary, paths.leases]) {
    for (const name of await readdir(directory)) {
      const path = join(directory, name)
      if (await isLeft(path, name)) await rm(path, { recursive: true, force: true })
    }
  }
}

/** Whether the owner of a thing named by `ownedName` is gone. */
export async function isLeft(path: string, name: string): Promise<boolean> {
  const owner = parseOwner(name)
  if (owner === null) return true
  const state = await stateOf(owner, await ownIdentity())
  if (state !== 'unknown') return state === 'dead'
  const found = await stat(path).catch(() => null)
  return found !== null && Date.now() - found.mtimeMs > UNSEEN_OWNER_AGE_MS
}
