import type { ImageLayer, Launcher, Stage, StageSpec } from '../native/lib/types.js'
import { messageOf } from '../protocol/errors.js'
import type { RunnerLog } from './log.js'

/**
 * A launcher that is started anew when its process has died: stages that ran in it fail, later ones
 * don't. `open` must also sweep what the dead one left.
 */
export class SteadyLauncher implements Pick<Launcher, 'createStage' | 'keepLayers' | 'close'> {
  readonly #open: () => Promise<Launcher>
  readonly #log: RunnerLog
  readonly #ended = new AbortController()
  #current: Promise<Launcher>
  /** What it is to keep, also when it is a new one. */
  readonly #kept = new Map<string, { readonly layer: ImageLayer; readonly count: number }>()

  private constructor(open: () => Promise<Launcher>, first: Launcher, log: RunnerLog) {
    this.#open = open
    this.#log = log
    this.#current = this.#watch(first)
  }

  /** @throws whatever `open` throws the first time. */
  static async start(open: () => Promise<Launcher>, log: RunnerLog): Promise<SteadyLauncher> {
    return new SteadyLauncher(open, await open(), log)
  }

  async createStage(spec: StageSpec): Promise<Stage> {
    return (await this.#current).createStage(spec)
  }

  async keepLayers(layer: ImageLayer, count: number): Promise<void> {
    this.#kept.set(`${layer.directory}\0${layer.pattern}`, { layer, count })
    await (await this.#current).keepLayers(layer, count)
  }

  async close(): Promise<void> {
    this.#ended.abort()
    const launcher = await this.#current.catch(() => null)
    await launcher?.close()
  }

  async #watch(launcher: Launcher): Promise<Launcher> {
    void launcher.closed.then(() => this.#replace())
    return Promise.resolve(launcher)
  }

  #replace(): void {
    if (this.#ended.signal.aborted) return
    this.#log.error({}, 'the launcher has died: starting another one')
    this.#current = this.#open().then((launcher) => {
      for (const { layer, count } of this.#kept.values()) {
        // Only a help: whoever needs one makes it then.
        launcher.keepLayers(layer, count).catch(() => undefined)
      }
      return this.#watch(launcher)
    })
    this.#current.catch((error: unknown) =>
      this.#log.error({ error: messageOf(error) }, 'could not start a launcher'),
    )
  }
}
