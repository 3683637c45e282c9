import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Root } from './garbage.js'
import { record, strings } from './json-values.js'
import { markUsed, usedAt } from './named-images.js'
import { isDigest } from './oci.js'
import { readJson, writeWhole, type StorePaths } from './store-files.js'
import type { CacheRecord, Lease } from './types.js'

/** `LayerStore.readRecord` */
export async function readRecord(
  paths: StorePaths,
  key: string,
  lease: Lease,
): Promise<CacheRecord | null> {
  const path = recordFile(paths, key)
  const found = await readRecordFile(path)
  if (found === null || !(await lease.hold(found.layers))) return null
  await markUsed(path)
  return found
}

/** `LayerStore.writeRecord` */
export async function writeRecord(
  paths: StorePaths,
  key: string,
  { layers, data }: CacheRecord,
): Promise<void> {
  await writeWhole(recordFile(paths, key), JSON.stringify({ layers, data }), { flush: false })
}

/** All records, as what keeps layers. */
export async function recordRoots(paths: StorePaths): Promise<readonly Root[]> {
  const names = (await readdir(paths.records)).filter((name) => name.endsWith('.json'))
  const roots = await Promise.all(
    names.map(async (name): Promise<Root | null> => {
      const path = join(paths.records, name)
      const found = await readRecordFile(path)
      const used = await usedAt(path)
      return found === null || used === null ? null : { path, layers: found.layers, used }
    }),
  )
  return roots.filter((root) => root !== null)
}

async function readRecordFile(path: string): Promise<CacheRecord | null> {
  const value = record(await readJson(path))
  const layers = strings(value['layers'])
  return layers.length > 0 && layers.every(isDigest) ? { layers, data: value['data'] } : null
}

/** Keys are any text. */
function recordFile(paths: StorePaths, key: string): string {
  return join(paths.records, `${createHash('sha256').update(key).digest('hex')}.json`)
}
