import { chmod, mkdir, rmdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createLauncher, sweepCgroups, tryLockFile } from '../../../native/lib/index.js'
import { removeCgroup } from '../../../native/lib/cgroup/remove.js'
import type { Launcher } from '../../../native/lib/types.js'
import { IdPool, type IdRange } from '../../../runner/ids.js'
import { openLayerStore } from '../../../runner/layers/store.js'
import { cgroupHierarchies } from './cgroup-hierarchies.js'

/** Layers below the writable one. */
const LAYERS = 8
/** Host id ranges: for as many stages as are there at the same time. */
const RANGES = 80

/** What everything that is measured stands on. */
export interface Ground {
  /** A directory on disk. */
  readonly scratch: string
  /** A busybox root in one directory, for those that have no layers. */
  readonly root: string
  /** The same root as the lowest of 8 layers, topmost first. */
  readonly lowers: readonly string[]
  readonly launcher: Launcher
  /** Host ids for a stage; given back when it is gone. */
  takeIds(): IdRange
  giveBackIds(ids: IdRange): void
  /** Cgroup of the peers, below every hierarchy. */
  readonly peersCgroup: string
  close(): Promise<void>
}

export async function openGround(scratch: string): Promise<Ground> {
  const root = await importRoot(scratch)
  const cgroup = `sandpiper/bench-${process.pid}`
  const peersCgroup = `sandpiper/bench-peers-${process.pid}`
  const ids = new IdPool({ tryLockFile })
  const ranges = await Promise.all(Array.from({ length: RANGES }, () => ids.acquire()))
  const launcher = await createLauncher({ cgroupParent: cgroup })
  const free = [...ranges]
  return {
    ...{ scratch, root, launcher, peersCgroup },
    lowers: [...(await makeLayers(scratch)), root],
    takeIds: () => {
      const range = free.shift()
      if (range === undefined) throw new Error(`more than ${RANGES} stages at once`)
      return range
    },
    giveBackIds: (range) => void free.push(range),
    close: async () => {
      await launcher.close()
      await sweepCgroups(cgroup)
      for (const hierarchy of await cgroupHierarchies()) {
        await removeCgroup(path.join(hierarchy, peersCgroup))
        // A peer makes it also where we have none; another runner of the host may be in it.
        await rmdir(path.join(hierarchy, path.dirname(peersCgroup))).catch(() => undefined)
      }
      for (const range of ranges) await range.release()
    },
  }
}

async function importRoot(scratch: string): Promise<string> {
  const store = await openLayerStore(path.join(scratch, 'layers'))
  const [root] = store.layerPaths(await store.importBusybox('busybox'))
  if (root === undefined) throw new Error('the busybox image has no layer')
  // The peers' mapped root has to reach the directory by its own rights.
  for (let dir = root; dir.startsWith(scratch); dir = path.dirname(dir)) await chmod(dir, 0o755)
  return root
}

/** Small ones, each with a file of its own and one that it has over those below. */
async function makeLayers(scratch: string): Promise<string[]> {
  const layers: string[] = []
  for (let index = 1; index < LAYERS; index++) {
    const layer = path.join(scratch, 'upper-layers', String(index))
    await mkdir(path.join(layer, 'opt'), { recursive: true })
    await writeFile(path.join(layer, 'opt', `layer-${index}`), `${index}\n`)
    await writeFile(path.join(layer, 'opt', 'layer'), `${index}\n`)
    layers.unshift(layer)
  }
  return layers
}
