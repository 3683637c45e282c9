import { mkdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Sandbox, SandboxSpec, Stage } from '../../../native/lib/types.js'
import type { Held, SandboxMaker } from './contender.js'
import type { Ground } from './ground.js'
import type { Stopwatch } from './stopwatch.js'

const LIMITS = { memoryBytes: 256 * 1024 ** 2, cpus: 1, pids: 256 }

export const FRESH = 'sandpiper, all fresh'
export const IN_STAGE = 'sandpiper in a stage'
export const IN_STAGE_MEMORY = 'sandpiper in a stage, in memory'
/** In a stage, the writable layer wherever it is fastest. */
export const QUICKEST = IN_STAGE_MEMORY

/** Ours, through the TypeScript face as the runner calls it. Stages that stay are destroyed by `close`. */
export async function ourMakers(ground: Ground, stopwatch: Stopwatch): Promise<SandboxMaker[]> {
  const disk = await Place.make(ground, ground.scratch, stopwatch)
  const memory = await Place.make(ground, ground.memory, stopwatch)
  return [
    disk.freshMaker(
      FRESH,
      'own namespaces, ids, overlay of 8 layers on disk, cgroups, seccomp, capabilities',
    ),
    await disk.stageMaker(IN_STAGE, 'the same; network and user namespace are its stage’s'),
    await memory.stageMaker(IN_STAGE_MEMORY, 'the same; the writable layer is a tmpfs’s directory'),
  ]
}

/** Where writable layers are, and what is done there. */
class Place {
  #serial = 0

  private constructor(
    readonly ground: Ground,
    readonly directory: string,
    readonly stopwatch: Stopwatch,
  ) {}

  static async make(ground: Ground, parent: string, stopwatch: Stopwatch): Promise<Place> {
    const directory = path.join(parent, 'steps')
    await mkdir(path.join(directory, 'trash'), { recursive: true })
    return new Place(ground, directory, stopwatch)
  }

  freshMaker(name: string, note: string): SandboxMaker {
    return {
      ...{ name, note, share: 1 },
      run: async () => {
        const stage = await this.stopwatch.time(name, 'make the stage', () => this.#makeStage())
        await this.#runTrue(name, stage)
        await this.stopwatch.time(name, 'remove the stage', () => stage.destroy())
      },
      settle: () => this.#emptyTrash(),
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

  async stageMaker(name: string, note: string): Promise<SandboxMaker> {
    const stage = await this.#makeStage()
    return {
      ...{ name, note, share: 1 },
      run: () => this.#runTrue(name, stage),
      settle: () => this.#emptyTrash(),
      sleep: () => this.#sleep(stage),
      close: () => stage.destroy(),
    }
  }

  async #makeStage(): Promise<Pick<Stage, 'start' | 'destroy'>> {
    const ids = this.ground.takeIds()
    const { start, count } = ids
    const stage = await this.ground.launcher.createStage({ ids: { start, count } })
    return {
      start: (spec) => stage.start(spec),
      destroy: async () => {
        await stage.destroy()
        this.ground.giveBackIds(ids)
      },
    }
  }

  async #runTrue(name: string, stage: Stage): Promise<void> {
    const { stopwatch } = this
    const { directory, spec } = await stopwatch.time(name, 'make the writable directory', () =>
      this.#prepare(['/bin/true']),
    )
    const sandbox = await stopwatch.time(name, 'start', () => stage.start(spec))
    sandbox.output.resume()
    const { code } = await stopwatch.time(name, 'run to its end', () => sandbox.exit)
    await stopwatch.time(name, 'move to the trash', () => this.#discard(directory))
    if (code !== 0) throw new Error(`true ended with ${String(code)}`)
  }

  async #sleep(stage: Stage): Promise<Held> {
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
    const serial = this.#serial++
    const directory = path.join(this.directory, String(serial))
    const [upper, work] = [path.join(directory, 'upper'), path.join(directory, 'work')]
    await mkdir(upper, { recursive: true })
    await mkdir(work)
    const lowers = this.ground.lowers.map((layer) => ({ path: layer }))
    const spec: SandboxSpec = {
      name: `${path.basename(path.dirname(this.directory)).toLowerCase().slice(-8)}-${serial}`,
      root: { lowers, upper, work },
      ...{ binds: [], argv, env: { PATH: '/bin' }, cwd: '/', hostname: 'bench', limits: LIMITS },
    }
    return { directory, spec }
  }

  /** As the runner does it: moved away at once, and removed in the background. */
  async #discard(directory: string): Promise<void> {
    await rename(directory, path.join(this.directory, 'trash', path.basename(directory)))
  }

  async #emptyTrash(): Promise<void> {
    const trash = path.join(this.directory, 'trash')
    await rm(trash, { recursive: true })
    await mkdir(trash)
  }
}
