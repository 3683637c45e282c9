import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { Launcher, WritableLayer } from '../../native/lib/types.js'
import { messageOf } from '../../protocol/errors.js'
import type { IdSource } from '../ids.js'
import type { RunnerLog } from '../log.js'
import { imagePattern } from './image-pattern.js'

/** What writable layers are made of on this host. */
export type LayerMedium =
  /** A file system of the wanted size, in a file: bounded. */
  | { readonly kind: 'image' }
  /** A plain directory: nothing bounds it but the disk. */
  | { readonly kind: 'directory'; readonly reason: string }

const PROBE_BYTES = 16 * 1024 * 1024

/** Makes the writable layers of steps and workspaces. */
export class WritableLayers {
  readonly medium: LayerMedium
  readonly #patterns: string

  private constructor(patterns: string, medium: LayerMedium) {
    this.#patterns = patterns
    this.medium = medium
  }

  /** Finds out what the host can do, by doing it once. */
  static async open(options: {
    /** Directory for what images are copied from, and for the nameless images themselves. */
    readonly patterns: string
    readonly launcher: Pick<Launcher, 'createStage'>
    readonly ids: IdSource
    readonly log: RunnerLog
  }): Promise<WritableLayers> {
    const { patterns, log } = options
    try {
      await tryImage(options)
      return new WritableLayers(patterns, { kind: 'image' })
    } catch (error) {
      const reason = messageOf(error)
      log.warn({ reason }, 'writable layers are directories: nothing bounds them but the disk')
      return new WritableLayers(patterns, { kind: 'directory', reason })
    }
  }

  /** Has a layer of each of these sizes ready, in bytes, whenever there is time to make it. */
  async keepReady(launcher: Pick<Launcher, 'keepLayers'>, sizes: Iterable<number>): Promise<void> {
    if (this.medium.kind !== 'image') return
    for (const bytes of new Set(sizes)) {
      const layer = { kind: 'image', ...(await this.#image(bytes)) } as const
      await launcher.keepLayers(layer, 1)
    }
  }

  /**
   * A new layer.
   * @param directory where it is when it is a directory; made then, for the caller to remove
   * @param bytes what it may hold, where it can be bounded
   * @param mode permission bits of the root of what it is the writable layer of
   */
  async make(directory: string, bytes: number, mode = 0o755): Promise<WritableLayer> {
    if (this.medium.kind === 'image') {
      return { kind: 'image', ...(await this.#image(bytes)), mode }
    }
    await mkdir(directory, { recursive: true, mode: 0o700 })
    return { kind: 'directory', path: directory, mode }
  }

  async #image(bytes: number): Promise<{ readonly pattern: string; readonly directory: string }> {
    return { pattern: await imagePattern(this.#patterns, bytes), directory: this.#patterns }
  }
}

async function tryImage(options: {
  readonly patterns: string
  readonly launcher: Pick<Launcher, 'createStage'>
  readonly ids: IdSource
}): Promise<void> {
  const { patterns, launcher, ids } = options
  const pattern = await imagePattern(patterns, PROBE_BYTES)
  const lower = path.join(patterns, 'empty')
  await mkdir(lower, { recursive: true, mode: 0o755 })
  const range = await ids.acquire()
  try {
    const writable = { kind: 'image', pattern, directory: patterns } as const
    const workspace = { lowers: [{ path: lower }], writable }
    const { start, count } = range
    const stage = await launcher.createStage({ ids: { start, count }, workspace })
    await stage.destroy()
  } finally {
    await range.release()
  }
}
