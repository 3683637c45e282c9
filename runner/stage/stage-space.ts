import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { Stage } from '../../native/lib/types.js'
import type { StageJob } from '../../protocol/job.js'
import { giveTree } from '../give-tree.js'
import type { IdRange } from '../ids.js'
import { StageNetwork } from '../network/stage-network.js'
import { attemptName } from '../spool/attempt-file.js'
import type { StageDeps } from './deps.js'
import { DiskMeter } from './disk-meter.js'
import type { StageImages } from './stage-images.js'
import { hasOtherUsers, shareTree } from './share-tree.js'
import { makeVolumes, type StageVolumes } from './volumes.js'
import type { WorkspaceRequest, WorkspaceTree } from './workspace.js'

/** What the steps of a stage share, made when the first of them needs it. */
export interface OpenStage {
  readonly stage: Stage
  readonly volumes: StageVolumes
  readonly network: StageNetwork
  /** What the workspace and the volumes take. */
  readonly disk: DiskMeter
  /** The ids that its files have on the host: 0 inside is `start`. */
  readonly stageIds: { readonly start: number; readonly count: number }
}

/** The places of one stage: its directory on the host, the checkout, the sandboxes' common ground. */
export class StageSpace {
  /** What the steps of the stage share on disk: the workspace and the volumes. */
  readonly disk: DiskMeter
  readonly #job: StageJob
  readonly #deps: StageDeps
  readonly #directory: string
  readonly #images: Pick<StageImages, 'userOf'>
  readonly #onLost: (error: Error) => void
  #tree: WorkspaceTree | null = null
  #ids: IdRange | null = null
  #network: StageNetwork | null = null
  #stage: Promise<Stage> | null = null
  #ground: Promise<OpenStage> | null = null
  #open: Promise<OpenStage> | null = null
  #shared: Promise<boolean> | null = null

  /** @param onLost told when the steps' network has broken down */
  constructor(
    job: StageJob,
    deps: StageDeps,
    images: Pick<StageImages, 'userOf'>,
    onLost: (error: Error) => void,
  ) {
    this.#job = job
    this.#images = images
    this.#deps = deps
    this.#onLost = onLost
    this.#directory = path.join(deps.stagesDir, attemptName(job))
    this.disk = new DiskMeter(['workspace', 'volumes'].map((name) => this.#place(name)))
  }

  /**
   * Makes the stage's own directory, and begins with its namespaces and network: they are there when the
   * checkout is.
   */
  async prepare(): Promise<void> {
    await this.#deps.trash.discard(this.#directory)
    await mkdir(this.#directory, { recursive: true, mode: 0o700 })
    // Told to whoever opens the stage.
    this.ground().catch(() => undefined)
  }

  /** A directory for one step; not made yet. */
  stepDirectory(number: number): string {
    return path.join(this.#directory, 'steps', String(number))
  }

  /** Gets the source tree. Must have ended before the first sandbox is made. */
  async checkOut(request: Omit<WorkspaceRequest, 'job' | 'directory'>): Promise<void> {
    const directory = path.join(this.#directory, 'checkout')
    await mkdir(directory, { mode: 0o755 })
    const tree = await this.#deps.workspace({ job: this.#job, directory, ...request })
    const isOurs = tree.path === directory
    if (isOurs && (await this.#isShared())) await shareTree(directory, request.signal)
    const { rootOnDisk } = this.#deps.ids
    if (isOurs && rootOnDisk !== 0) {
      await giveTree(directory, rootOnDisk, { signal: request.signal })
    }
    this.#tree = tree
  }

  /** What there is of it before the checkout is. */
  ground(): Promise<OpenStage> {
    this.#ground ??= this.#makeGround()
    return this.#ground
  }

  open(): Promise<OpenStage> {
    this.#open ??= this.#make()
    return this.#open
  }

  /** Removes it all; each part whether or not the one before could be: a dead launcher has left no mounts. */
  async close(onError: (error: unknown) => void): Promise<void> {
    await this.#ground?.catch(() => undefined)
    await this.#open?.catch(() => undefined)
    await this.#network?.close().catch(onError)
    const stage = await this.#stage?.catch(() => undefined)
    await stage?.destroy().catch(onError)
    await this.#ids?.release().catch(onError)
    await this.#deps.trash.discard(this.#directory).catch(onError)
  }

  async #make(): Promise<OpenStage> {
    const tree = this.#tree ?? (await this.#emptyTree())
    const mode = (await this.#isShared()) ? 0o777 : 0o755
    const { writable: layers, limits } = this.#deps
    const writable = await layers.make(this.#place('workspace'), limits.workspaceBytes, mode)
    const ground = await this.ground()
    await ground.stage.mountWorkspace({ lowers: [tree], writable })
    return ground
  }

  /** All but the workspace. */
  async #makeGround(): Promise<OpenStage> {
    const { allow } = this.#job.repo
    this.#network = await StageNetwork.prepare({
      stage: this.#job.stage,
      config: this.#deps.network,
      ...(allow === undefined ? {} : { allow }),
      onLost: this.#onLost,
    })
    this.#ids = await this.#deps.ids.acquire()
    const { start, count } = this.#ids
    const { volumes, inMemory } = await makeVolumes(
      this.#job.stage,
      this.#place('volumes'),
      start,
      this.#deps.limits,
    )
    this.#stage = this.#deps.launcher.createStage({
      ids: { start, count },
      ...(inMemory.length === 0 ? {} : { volumes: inMemory }),
    })
    const stage = await this.#stage
    await this.#network.make(stage)
    return {
      ...{ stage, volumes, network: this.#network, disk: this.disk },
      stageIds: { start, count },
    }
  }

  #place(name: string): string {
    return path.join(this.#directory, name)
  }

  /** Once for all, so that the checkout and what is above it agree. */
  #isShared(): Promise<boolean> {
    this.#shared ??= hasOtherUsers(this.#job.stage, (step) => this.#images.userOf(step))
    return this.#shared
  }

  async #emptyTree(): Promise<WorkspaceTree> {
    const directory = path.join(this.#directory, 'empty')
    await mkdir(directory, { mode: 0o755 })
    return { path: directory }
  }
}
