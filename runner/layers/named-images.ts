import { readdir, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { record, strings, text } from './json-values.js'
import { isDigest } from './oci.js'
import { readJson, writeWhole, type StorePaths } from './store-files.js'
import type { Image, ImageConfig, ImageHealthcheck, ImageOrigin } from './types.js'

/** Reads an image file; null when there is none, or it is not one. */
export async function readImage(path: string): Promise<Image | null> {
  const value = record(await readJson(path))
  const layers = strings(value['layers'])
  const config = record(value['config'])
  if (text(value['id']) === '' || layers.length === 0 || !layers.every(isDigest)) return null
  const origin = originOf(value['origin'])
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
      ...(Array.isArray(config['ports']) ? { ports: config['ports'] as number[] } : {}),
      ...healthcheckOf(config['healthcheck']),
    },
    created: Number(value['created']),
    size: Number(value['size']),
    ...(origin === null ? {} : { origin }),
    ...(typeof value['file'] === 'string' ? { file: value['file'] } : {}),
    ...(value['pinned'] === true ? { pinned: true } : {}),
  }
}

function healthcheckOf(value: unknown): Pick<ImageConfig, 'healthcheck'> {
  const command = strings(record(value)['command'])
  return command.length === 0 ? {} : { healthcheck: { ...(value as ImageHealthcheck), command } }
}

function originOf(value: unknown): ImageOrigin | null {
  const origin = record(value)
  const registry = text(origin['registry'])
  if (registry === '') return null
  return {
    registry,
    repository: text(origin['repository']),
    manifest: text(origin['manifest']),
    resolved: text(origin['resolved']),
    pulled: Number(origin['pulled']),
    ...(origin['lent'] === true ? { lent: true } : {}),
  }
}

/** It reaches the disk with the layers: the caller tells the store's durability. */
export async function writeImage(path: string, image: Image): Promise<void> {
  await writeWhole(path, `${JSON.stringify(image, null, 2)}\n`, { flush: false })
}

/** An image with what only its file knows. */
export interface ImageEntry {
  readonly path: string
  readonly image: Image
  /** Milliseconds after 1970. */
  readonly used: number
}

/** Every image of the store, without the text of its configuration. */
export async function readImages(paths: StorePaths): Promise<readonly Image[]> {
  const images: Image[] = []
  for await (const { image } of imageEntries(paths)) {
    const { file: _, ...rest } = image
    images.push(rest)
  }
  return images
}

/**
 * The same one by one, whole and with when they were used: their files may have megabytes each, and there is no
 * bound on how many there are.
 */
export async function* imageEntries(paths: StorePaths): AsyncGenerator<ImageEntry> {
  for (const name of await readdir(paths.images)) {
    const entry = name.endsWith('.json') ? await readEntry(join(paths.images, name)) : null
    if (entry !== null) yield entry
  }
}

async function readEntry(path: string): Promise<ImageEntry | null> {
  const image = await readImage(path)
  const used = await usedAt(path)
  return image === null || used === null ? null : { path, image, used }
}

/** When a file of ours was used last: its own time of change, which `markUsed` sets. */
export async function usedAt(path: string): Promise<number | null> {
  const found = await stat(path).catch(() => null)
  return found === null ? null : found.mtimeMs
}

/** Says that what the file leads to is used now. What is gone meanwhile stays so. */
export async function markUsed(path: string): Promise<void> {
  const now = new Date()
  await utimes(path, now, now).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  })
}
