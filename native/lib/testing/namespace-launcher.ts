import { lchown, lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Launcher, OverlaySpec, StageSpec } from '../types.js'
import { isInHostUserNamespace, namespaceStageIds } from '../user-namespace.js'
import { HAS_LIMITS } from './this-host.js'

/**
 * The launcher as the tests know it, also where they run as an ordinary user who is root of a namespace:
 * stages get the ids that there are, and layers, which no mount can map there, are given to them on disk.
 * Limits that nothing can keep are left out: tests of limits themselves don't run then.
 */
export function suitLauncher(launcher: Launcher): Launcher {
  if (isInHostUserNamespace()) return launcher
  const given = new Set<string>()
  const give = async (overlay: OverlaySpec): Promise<void> => {
    for (const { path } of overlay.lowers) {
      if (given.has(path)) continue
      given.add(path)
      await shiftIds(path, namespaceIds().start)
    }
  }
  return {
    createStage: async (spec) => {
      if (spec.workspace) await give(spec.workspace)
      const stage = await launcher.createStage({ ...spec, ids: namespaceIds() })
      return {
        ...stage,
        start: async (sandbox) => {
          await give(sandbox.root)
          return stage.start(HAS_LIMITS ? sandbox : { ...sandbox, limits: {} })
        },
      }
    },
    keepLayers: (layer, count) => launcher.keepLayers(layer, count),
    close: () => launcher.close(),
    pid: launcher.pid,
    closed: launcher.closed,
  }
}

/** What all stages have in a user namespace. */
export function namespaceIds(): StageSpec['ids'] {
  const ids = namespaceStageIds()
  if (ids === null) throw new Error('this user namespace has no ids for stages')
  return { start: ids.start, count: ids.count }
}

async function shiftIds(path: string, by: number): Promise<void> {
  const found = await lstat(path).catch(() => null)
  if (found === null) return
  if (found.isDirectory()) {
    for (const name of await readdir(path)) await shiftIds(join(path, name), by)
  }
  await lchown(path, found.uid + by, found.gid + by)
}
