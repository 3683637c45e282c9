import { mkdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Sandbox, SandboxSpec, Stage, WritableLayer } from '../../../native/lib/types.js'
import { imagePattern } from '../../../runner/writable/image-pattern.js'
import type { Held, SandboxMaker } from './contender.js'
import type { Ground } from './ground.js'
import type { Stopwatch } from './stopwatch.js'

const LIMITS = { memoryBytes: 256 * 1024 ** 2, cpus: 1, pids: 256 }

export const FRESH = 'sandpiper, all fresh'
/** The same with nothing that bounds its writable layer, which is on disk too. */
export const FRESH_UNBOUNDED = `${FRESH}, unbounded`
/** In a stage, the writable layer wherever it is fastest and still bounded. */
export const QUICKEST = 'sandpiper in a stage, prepared ahead'
/** As the runner does it: all that a build's first step needs is made while its repo is checked out. */
export const FIRST = 'sandpiper, first step of a build'
/** Sandboxes that a stage keeps ready, and layers that the launcher does: as many as start at once. */
const READY = 8
/** Size of a file system that is written to. */
const DISK_BYTES = 1024 ** 3

/** Ours, through the TypeScript face as the runner calls it. Stages that stay are destroyed by `close`. */
export async function ourMakers(ground: Ground, stopwatch: Stopwatch): Promise<SandboxMaker[]> {
  const patterns = path.join(ground.scratch, 'patterns')
  await mkdir(patterns)
  const pattern = await imagePattern(patterns, DISK_BYTES)
  const layer = { kind: 'image', pattern, directory: patterns } as const
  const keepLayers = (): Promise<void> => ground.launcher.keepLayers(layer, READY)
  await keepLayers()
  const make = (kind: string, writable: MakeWritable): Promise<Place> =>
    Place.make({ ground, stopwatch, kind, writable, keepLayers })
  const image = await make('image', () => layer)
  const memory = await make('memory', () => ({ kind: 'memory', sizeBytes: LIMITS.memoryBytes }))
  const plain = await make('plain', (directory) => ({ kind: 'directory', path: directory }))
  return [
    image.freshMaker(
      FRESH,
      'namespaces, ids, overlay of 8 layers, cgroups, seccomp; a file system of 1 GiB to write to',
    ),
    plain.freshMaker(FRESH_UNBOUNDED, 'the same; a directory to write to'),
    image.firstMaker(FIRST, 'the same with a file system, all made before its program is known'),
    await image.stageMaker(
      'sandpiper in a stage',
      'network and user namespace of its stage; a file system of 1 GiB to write to',
    ),
    await plain.stageMaker('sandpiper in a stage, unbounded', 'the same; a directory to write to'),
    await memory.stageMaker(
      'sandpiper in a stage, in memory',
      'the same; a bounded file system in memory to write to',
    ),
    await memory.stageMaker(QUICKEST, 'the same; made before its program is known', READY),
  ]
}

type BenchStage = Pick<Stage, 'start' | 'prepare' | 'destroy'>

/** Makes a writable layer; `directory` is there for it to use. */
type MakeWritable = (directory: string) => WritableLayer

interface PlaceOptions {
  readonly ground: Ground
  readonly stopwatch: Stopwatch
  readonly kind: string
  readonly writable: MakeWritable
  /** Resolves when the launcher has as many layers mounted as it is to keep. */
  readonly keepLayers: () => Promise<void>
}

/** Sandboxes whose writable layers are of one kind. */
class Place {
  readonly ground: Ground
  readonly stopwatch: Stopwatch
  readonly directory: string
  #serial = 0
  readonly #removals: Promise<void>[] = []

  private constructor(readonly options: PlaceOptions) {
    this.ground = options.ground
    this.stopwatch = options.stopwatch
    this.directory = path.join(options.ground.scratch, 'steps', options.kind)
  }

  static async make(options: PlaceOptions): Promise<Place> {
    const place = new Place(options)
    await mkdir(path.join(place.directory, 'trash'), { recursive: true })
    return place
  }

  freshMaker(name: string, note: string): SandboxMaker {
    return {
      ...{ name, note, share: 1 },
      run: async () => {
        const stage = await this.stopwatch.time(name, 'make the stage', () => this.#makeStage())
        await this.#runTrue(name, stage)
        this.#removeLater(name, stage)
      },
      settle: async () => {
        await Promise.all(this.#removals.splice(0))
        await this.options.keepLayers()
        await this.#emptyTrash()
      },
      sleep: async () => {
        const stage = await this.#makeStage()
        const held = await this.#sleep(stage)
        return { end: () => held.end().then(() => stage.destroy()) }
      },
      wait: async () => {
        const stage = await this.#makeStage()
        return { end: () => stage.destroy() }
      },
    }
  }

  /** `ready`: sandboxes that the stage makes before they are asked for. */
  async stageMaker(name: string, note: string, ready = 0): Promise<SandboxMaker> {
    const stage = await this.#makeStage(ready)
    return {
      ...{ name, note, share: 1 },
      run: () => this.#runTrue(name, stage),
      settle: async () => {
        await this.#makeReady(stage, ready)
        await this.options.keepLayers()
        await this.#emptyTrash()
      },
      sleep: () => this.#sleep(stage),
      close: () => stage.destroy(),
      ...(ready === 0 ? {} : { wait: () => this.#wait() }),
    }
  }

  /** Takes a stage with a sandbox in it from some that are there; making them is not the start's time. */
  firstMaker(name: string, note: string): SandboxMaker {
    const stages: BenchStage[] = []
    const fill = async (): Promise<void> => {
      while (stages.length < READY) stages.push(await this.#makeStage(1))
    }
    return {
      ...{ name, note, share: 1 },
      run: async () => {
        const stage = stages.pop() ?? (await this.#makeStage(1))
        await this.#runTrue(name, stage)
        this.#removeLater(name, stage)
      },
      settle: async () => {
        await Promise.all(this.#removals.splice(0))
        await this.options.keepLayers()
        await fill()
      },
      close: async () => {
        for (const stage of stages.splice(0)) await stage.destroy()
      },
    }
  }

  #removeLater(name: string, stage: BenchStage): void {
    const removal = this.stopwatch.time(name, 'later: remove the stage', () => stage.destroy())
    // It is waited for when all is to be settled, which tells.
    removal.catch(() => undefined)
    this.#removals.push(removal)
  }

  /** A stage of its own that keeps one ready. */
  async #wait(): Promise<Held> {
    const stage = await this.#makeStage(1)
    return { end: () => stage.destroy() }
  }

  async #makeStage(ready = 0): Promise<BenchStage> {
    const ids = this.ground.takeIds()
    const { start, count } = ids
    const stage = await this.ground.launcher.createStage({ ids: { start, count } })
    await this.#makeReady(stage, ready)
    return {
      start: (spec) => stage.start(spec),
      prepare: (spec, count) => stage.prepare(spec, count),
      destroy: async () => {
        await stage.destroy()
        this.ground.giveBackIds(ids)
      },
    }
  }

  /** Waits until that many are. */
  async #makeReady(stage: Pick<Stage, 'prepare'>, count: number): Promise<void> {
    if (count > 0) await stage.prepare((await this.#prepare(['/bin/true'])).spec, count)
  }

  async #runTrue(name: string, stage: BenchStage): Promise<void> {
    const { stopwatch } = this
    const { directory, spec } = await stopwatch.time(name, 'make directories', () =>
      this.#prepare(['/bin/true']),
    )
    const sandbox = await stopwatch.time(name, 'start', () => stage.start(spec))
    sandbox.output.resume()
    const { code } = await stopwatch.time(name, 'run to its end', () => sandbox.exit)
    await stopwatch.time(name, 'move to the trash', () => this.#discard(directory))
    if (code !== 0) throw new Error(`true ended with ${String(code)}`)
  }

  async #sleep(stage: BenchStage): Promise<Held> {
    const { directory, spec } = await this.#prepare(['/bin/sleep', '1000'])
    const sandbox = await stage.start(spec)
    sandbox.output.resume()
    return { end: () => this.#end(sandbox, directory) }
  }

  async #end(sandbox: Sandbox, directory: string): Promise<void> {
    sandbox.kill()
    await sandbox.exit
    await this.#discard(directory)
  }

  async #prepare(argv: readonly string[]): Promise<{ directory: string; spec: SandboxSpec }> {
    const { kind, writable } = this.options
    const serial = this.#serial++
    const directory = path.join(this.directory, String(serial))
    if (kind === 'plain') await mkdir(directory)
    const lowers = this.ground.lowers.map((layer) => ({ path: layer }))
    const spec: SandboxSpec = {
      name: `${kind}-${serial}`,
      root: { lowers, writable: writable(directory) },
      ...{ binds: [], argv, env: { PATH: '/bin' }, cwd: '/', hostname: 'bench', limits: LIMITS },
    }
    return { directory, spec }
  }

  /** As the runner does it: moved away at once, and removed in the background. Others are gone by themselves. */
  async #discard(directory: string): Promise<void> {
    if (this.options.kind !== 'plain') return
    await rename(directory, path.join(this.directory, 'trash', path.basename(directory)))
  }

  async #emptyTrash(): Promise<void> {
    const trash = path.join(this.directory, 'trash')
    await rm(trash, { recursive: true })
    await mkdir(trash)
  }
}
