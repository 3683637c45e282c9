import { sweepCgroups } from '../../native/lib/cgroup/parent.js'
import { createLauncher } from '../../native/lib/launcher.js'
import { messageOf } from '../../protocol/errors.js'
import { FaultyLauncher } from './faulty-launcher.js'
import { makeLaunchSequence, PARTS, type LaunchSequence, type Ready } from './launch-sequence.js'
import {
  cgroupsBelow,
  eventually,
  processesOf,
  readState,
  settle,
  within,
  type LauncherPlace,
  type LauncherState,
} from './launcher-state.js'

const PATIENCE_MS = 10_000

/** A launcher that faults can be put into, and what it held before: one after another. */
export class FaultLab {
  readonly faulty: FaultyLauncher
  readonly #sequence: LaunchSequence
  readonly #cgroupParent: string
  #ready!: Ready
  #before!: LauncherState

  private constructor(faulty: FaultyLauncher, sequence: LaunchSequence, name: string) {
    this.faulty = faulty
    this.#sequence = sequence
    this.#cgroupParent = `sandpiper/${name}-${process.pid}`
  }

  static async make(name: string): Promise<FaultLab> {
    const lab = new FaultLab(await FaultyLauncher.make(), await makeLaunchSequence(), name)
    await lab.#open()
    return lab
  }

  get ready(): Ready {
    return this.#ready
  }

  /** Waits for something, but not for ever. */
  async patiently<T>(what: string, work: Promise<T>): Promise<T> {
    return within(PATIENCE_MS, what, work)
  }

  /** Waits until the launcher holds no more than it did, and runs another sandbox in it. */
  async checkSame(): Promise<void> {
    await settle(this.#place, this.#before)
    await this.patiently('the next sandbox', this.#ready.runPlain())
  }

  /**
   * Ends the launcher, unless it has ended, and sweeps as the next start of a runner does.
   * @returns what is left then; null when nothing is.
   */
  async replace(): Promise<string | null> {
    const left = await this.#end()
    await this.#open()
    return left
  }

  async close(): Promise<void> {
    await this.#ready.launcher.close()
    await this.faulty.remove()
    await this.#sequence.remove()
  }

  get #place(): LauncherPlace {
    const { pid } = this.#ready.launcher
    return { pid, cgroupParent: this.#cgroupParent, directory: this.#sequence.directory }
  }

  async #end(): Promise<string | null> {
    const place = this.#place
    try {
      await this.patiently('the end of the launcher', this.#ready.launcher.close())
      await eventually('every process has ended', () => this.#hasNoProcess())
      await sweepCgroups(this.#cgroupParent)
      const cgroups = await cgroupsBelow(this.#cgroupParent)
      const { hostMounts, loops } = await readState(place)
      const left = [...cgroups, ...several(hostMounts, 'mount'), ...several(loops, 'loop device')]
      return left.length === 0 ? null : `left ${left.join(', ')}`
    } catch (error) {
      return messageOf(error)
    }
  }

  async #hasNoProcess(): Promise<boolean> {
    return (await processesOf(this.faulty.program)).length === 0
  }

  /** Goes once through everything, so that what is made once is made. */
  async #open(): Promise<void> {
    const { program } = this.faulty
    const launcher = await createLauncher({
      cgroupParent: this.#cgroupParent,
      launcherPath: program,
    })
    this.#ready = await this.#sequence.makeReady(launcher)
    for (const part of PARTS) await this.#ready.run(part)
    await this.#ready.runPlain()
    this.#before = await readState(this.#place)
  }
}

function several(count: number, what: string): readonly string[] {
  return count === 0 ? [] : [`${count} ${what}s`]
}
