import { DEFAULT_PATH } from '../../layers/image-config.js'
import { record, text } from '../../layers/json-values.js'
import type { Image } from '../../layers/types.js'
import { ownPlatform } from '../../registry/manifest/platforms.js'
import type { HistoryEntry, OciImage, RunConfig } from './oci-image.js'

/** The configuration of an image with nothing in it; Docker gives it a PATH. */
export function emptyImage(): OciImage {
  const config = { Env: [`PATH=${DEFAULT_PATH}`] }
  return { ...ownPlatform(), config, rootfs: { type: 'layers', diff_ids: [] }, history: [] }
}

/** The whole configuration of an image of the store, as an image that is built on it begins. */
export function baseImage(image: Image): OciImage {
  const file = record(parse(image.file))
  const { os, architecture } = ownPlatform()
  const variant = text(file['variant'])
  return {
    architecture: text(file['architecture']) || architecture,
    os: text(file['os']) || os,
    ...(variant === '' ? {} : { variant }),
    ...(text(file['author']) === '' ? {} : { author: text(file['author']) }),
    config: 'config' in file ? record(file['config']) : configOf(image),
    rootfs: { type: 'layers', diff_ids: image.layers },
    history: historyOf(file['history'], image.layers.length),
  }
}

function parse(file: string | undefined): unknown {
  if (file === undefined) return {}
  try {
    return JSON.parse(file)
  } catch {
    return {}
  }
}

/** Of an image that was imported without a configuration. */
function configOf({ config }: Image): RunConfig {
  const { env, workingDir, user, entrypoint, cmd } = config
  return {
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ...(entrypoint.length === 0 ? {} : { Entrypoint: entrypoint }),
    ...(cmd.length === 0 ? {} : { Cmd: cmd }),
    ...(workingDir === '/' ? {} : { WorkingDir: workingDir }),
    ...(user === '' ? {} : { User: user }),
  }
}

/** Who reads an image expects one entry for each layer: where there are others, we say so ourselves. */
function historyOf(value: unknown, layers: number): readonly HistoryEntry[] {
  const entries = Array.isArray(value) ? value.map((one) => record(one) as HistoryEntry) : []
  const count = entries.filter((entry) => entry.empty_layer !== true).length
  if (count === layers) return entries
  return Array.from({ length: layers }, () => ({ created_by: 'imported', comment: 'sandpiper' }))
}
