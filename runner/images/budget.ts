import { readDiskSpace } from '../disk-guard/free-space.js'

const LAYERS_SHARE = 0.25

/** Bytes that layers may have together when nothing else is said: a quarter of their disk. */
export async function defaultLayersBytesMax(directory: string): Promise<number> {
  return (await readDiskSpace(directory)).totalBytes * LAYERS_SHARE
}
