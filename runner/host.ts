import { createLauncher, sweepCgroups, sweepDeadCgroups, tryLockFile } from '../native/lib/index.js'
import type { HostConfig } from './config.js'
import { openDataDir, type DataDir } from './data-dir.js'
import { DiskGuard } from './disk-guard/disk-guard.js'
import { openIds } from './ids.js'
import { keptLimits, unkeptWarning } from './kept-limits.js'
import { defaultLayersBytesMax } from './images/budget.js'
import { openImages } from './images/images.js'
import { openLayerStore } from './layers/store.js'
import { silentLog, type RunnerLog } from './log.js'
import { createRegistries } from './registry/create-registries.js'
import { prepareHostRoot } from './roots/host-root.js'
import type { StageDeps } from './stage/deps.js'
import { SteadyLauncher } from './steady-launcher.js'
import { sweepStages } from './sweep.js'
import { Trash } from './trash.js'
import { WritableLayers } from './writable/writable-layers.js'

/** Where all runners of a host have the cgroups of their sandboxes. */
const CGROUPS = 'sandpiper'

/** What runs stages on this host, whoever asks for them. */
export interface Host {
  readonly dataDir: DataDir
  readonly deps: Omit<StageDeps, 'workspace'>
  readonly log: RunnerLog
  /** Ends what runs, removes what is left, gives the data directory free. */
  close(): Promise<void>
}

/**
 * Takes the data directory, sweeps what a dead predecessor left, starts the launcher.
 * @throws SandpiperError SP_RUNNER_DATA_IN_USE, SP_RUNNER_LIMIT_UNKEPT, SP_RUNNER_NO_IDS; NativeError when
 * the launcher can't be started.
 */
export async function openHost(config: HostConfig): Promise<Host> {
  const log = config.log ?? silentLog
  const limits = await keptLimits(config)
  const dataDir = await openDataDir(config, tryLockFile)
  const cgroupParent = `${CGROUPS}/${dataDir.runnerId}`
  const trash = await Trash.open(dataDir.trash, log)
  await sweepStages(dataDir.stages, trash)
  const { idsDir } = config
  const ids = openIds({ tryLockFile, ...(idsDir === undefined ? {} : { directory: idsDir }) })
  await ids.sweep()
  await sweepDeadCgroups(CGROUPS)
  const launcher = await SteadyLauncher.start(async () => {
    await sweepCgroups(cgroupParent)
    return config.openLauncher?.() ?? createLauncher({ cgroupParent })
  }, log)
  const { patterns } = dataDir
  const writable = await WritableLayers.open({ patterns, launcher, ids, log })
  await writable.keepReady(launcher, [limits.diskBytes, limits.workspaceBytes])
  const { dataDir: directory, diskReserveBytes: reserveBytes } = config
  const layers = await openLayerStore(dataDir.layers)
  const registries = createRegistries(config.registries)
  const relieve = (): Promise<number> => images.giveUpUnused()
  const disk = new DiskGuard({ directory, reserveBytes, relieve, log })
  const images = openImages({
    ...{ store: layers, registries, watchDisk: (user) => disk.watch(user) },
    layersBytesMax: config.layersBytesMax ?? (await defaultLayersBytesMax(dataDir.layers)),
  })
  const own = {
    ...{ dataDir, launcher, ids, trash, writable, disk, limits, layers, images, registries },
  }
  const deps = stageDeps(own, config)
  const warning = unkeptWarning(limits)
  if (warning !== null) log.warn({}, warning)
  const close = async (): Promise<void> => {
    disk.close()
    await launcher.close()
    await images.close()
    await layers.flush()
    await trash.idle()
    await sweepCgroups(cgroupParent)
    await dataDir.lock.release()
  }
  return { dataDir, deps, log, close }
}

interface HostParts extends Pick<
  StageDeps,
  'ids' | 'trash' | 'writable' | 'disk' | 'limits' | 'layers' | 'images' | 'launcher' | 'registries'
> {
  readonly dataDir: DataDir
}

function stageDeps({ dataDir, ...parts }: HostParts, config: HostConfig): Host['deps'] {
  const { rootOnDisk } = parts.ids
  return {
    ...parts,
    network: config.network ?? { mode: 'uplink' },
    hostRoot: () => prepareHostRoot(dataDir.hostRoot, { rootOnDisk }),
    stagesDir: dataDir.stages,
    machine: config.machine ?? '',
  }
}
