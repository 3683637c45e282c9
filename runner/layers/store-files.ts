import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ownIdentity, stateOf } from '../../git/process-identity.js'
import type { ProcessIdentity } from '../../git/process-identity.js'
import { isDigest, record, strings, text } from './image-config.js'
import type { Image } from './types.js'

/** Directories of a layer store. */
export interface StorePaths {
  readonly root: string
  readonly layers: string
  readonly images: string
  readonly temporary: string
  readonly lock: string
}

/** The store's directories and files below its root. */
export function storePaths(root: string): StorePaths {
  return {
    root,
    layers: join(root, 'layers', 'sha256'),
    images: join(root, 'images'),
    temporary: join(root, 'tmp'),
    lock: join(root, 'lock'),
  }
}

/** Directory of a layer: its files are in `fs`, what is known of it in `layer.json`. */
export function layerDirectory(paths: StorePaths, diffId: string): string {
  if (!isDigest(diffId)) throw new TypeError(`not a diff id: ${diffId}`)
  return join(paths.layers, diffId.slice('sha256:'.length))
}

/** Size of a layer in bytes, or null when the store does not have it. */
export async function layerSize(paths: StorePaths, diffId: string): Promise<number | null> {
  const path = join(layerDirectory(paths, diffId), 'layer.json')
  const value = record(parseJson(await readFile(path, 'utf8').catch(() => '')))
  return typeof value['size'] === 'number' ? value['size'] : null
}

/** File that holds the image of a canonical name. */
export function imageFile(paths: StorePaths, canonical: string): string {
  return join(paths.images, `${encodeURIComponent(canonical)}.json`)
}

/** Reads an image file; null when there is none, or it is not one. */
export async function readImage(path: string): Promise<Image | null> {
  const value = record(parseJson(await readFile(path, 'utf8').catch(() => '')))
  const layers = strings(value['layers'])
  const config = record(value['config'])
  if (text(value['id']) === '' || layers.length === 0 || !layers.every(isDigest)) return null
  return {
    name: text(value['name']),
    id: text(value['id']),
    layers,
    config: {
      env: record(config['env']) as Record<string, string>,
      workingDir: text(config['workingDir']),
      user: text(config['user']),
      entrypoint: strings(config['entrypoint']),
      cmd: strings(config['cmd']),
    },
    created: Number(value['created']),
    size: Number(value['size']),
  }
}

/** Every image of the store. */
export async function readImages(paths: StorePaths): Promise<readonly Image[]> {
  const names = (await readdir(paths.images)).filter((name) => name.endsWith('.json'))
  const images = await Promise.all(names.map((name) => readImage(join(paths.images, name))))
  return images.filter((image) => image !== null)
}

/** Writes a file so that it is there whole or not at all, also after a power loss. */
export async function writeWhole(path: string, content: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`
  await writeFile(draft, content, { flush: true })
  await rename(draft, path)
}

/** Runs `work` with a directory of its own in `tmp`, named after this process, and removes it after. */
export async function withTemporary<T>(
  paths: StorePaths,
  work: (directory: string) => Promise<T>,
): Promise<T> {
  const { pid, startTime, bootId, pidNamespace } = await ownIdentity()
  const owner = [pid, startTime, bootId, pidNamespace, randomUUID()].map(String)
  const directory = join(paths.temporary, owner.map(encodeURIComponent).join('_'))
  await mkdir(directory, { mode: 0o700 })
  try {
    return await work(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Time after which a directory of a process that can not be seen from here counts as left behind. */
const UNSEEN_OWNER_AGE_MS = 24 * 3600_000

/** Removes what importers that have died left in `tmp`; those that run are left alone. */
export async function sweepTemporary(paths: StorePaths): Promise<void> {
  const own = await ownIdentity()
  for (const name of await readdir(paths.temporary)) {
    const path = join(paths.temporary, name)
    const owner = ownerOf(name)
    const state = owner === null ? 'dead' : await stateOf(owner, own)
    if (state === 'dead' || (state === 'unknown' && (await isOld(path)))) {
      await rm(path, { recursive: true, force: true })
    }
  }
}

async function isOld(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null)
  return found !== null && Date.now() - found.mtimeMs > UNSEEN_OWNER_AGE_MS
}

function ownerOf(name: string): ProcessIdentity | null {
  const [pid, startTime, bootId, pidNamespace] = name.split('_').map(decode)
  if (pid === undefined || startTime === undefined) return null
  if (bootId === undefined || pidNamespace === undefined) return null
  return { pid: Number(pid), startTime, bootId, pidNamespace }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return ''
  }
}

function parseJson(content: string): unknown {
  try {
    return JSON.parse(content)
  } catch {
    return null
  }
}
