import { SandpiperError } from '../../protocol/errors.js'
import type { DiskUser } from '../disk-guard/disk-guard.js'

/** Has somebody ended while the disk has no room: `DiskGuard.watch`. */
export type WatchDisk = (user: DiskUser) => () => void

/** What a pull has taken of the disk so far. */
export interface DiskShare {
  readonly signal: AbortSignal
  /** To be called with bytes of layers as they are unpacked. */
  readonly onUnpacked: (bytes: number) => void
}

/**
 * Counts a pull among those that are ended when the disk has no room: an image of some kilobytes may unpack to all
 * of it, and else steps that have nothing to do with it would be ended instead.
 */
export async function withDiskShare<T>(
  watch: WatchDisk,
  name: string,
  signal: AbortSignal | undefined,
  work: (share: DiskShare) => Promise<T>,
): Promise<T> {
  const own = new AbortController()
  let bytes = 0
  const release = watch({
    name,
    what: 'the layers that it unpacks',
    measure: () => Promise.resolve(bytes),
    evict: (reason) => own.abort(evicted(reason)),
  })
  const whole = signal === undefined ? own.signal : AbortSignal.any([signal, own.signal])
  try {
    return await work({ signal: whole, onUnpacked: (more) => void (bytes += more) })
  } finally {
    release()
  }
}

function evicted(reason: string): SandpiperError {
  return new SandpiperError('SP_RUNNER_DISK_FULL', reason, {
    hint: 'Use a smaller image, or give the data directory a larger disk.',
  })
}
