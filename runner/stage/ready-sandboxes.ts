import type { SandboxSpec } from '../../native/lib/types.js'
import type { SandboxStep } from '../../pipelines/plan.js'
import type { StageDeps } from './deps.js'
import type { StageImages } from './stage-images.js'
import type { OpenStage } from './stage-space.js'
import { limitsOfStep } from './step-limits.js'
import { cgroupLimits } from './cgroup-limits.js'
import { isPublished, shapeOf } from './prepare-step.js'

/**
 * Keeps a sandbox ready for the step that comes next, so that it starts at once. Only a help: whatever
 * can't be prepared is told by the step itself when it starts.
 */
export class ReadySandboxes {
  readonly #deps: StageDeps
  readonly #images: Pick<StageImages, 'rootNow'>
  #kept: SandboxSpec | null = null
  #turn: Promise<void> = Promise.resolve()

  constructor(deps: StageDeps, images: Pick<StageImages, 'rootNow'>) {
    this.#deps = deps
    this.#images = images
  }

  /** To be called when it may have changed which step comes next; null: none does. */
  expect(next: SandboxStep | null, open: Promise<OpenStage>): void {
    this.#turn = this.#turn.then(() => this.#change(next, open)).catch(() => undefined)
  }

  async #change(next: SandboxStep | null, opening: Promise<OpenStage>): Promise<void> {
    const open = await opening
    const shape = next === null ? null : await this.#shapeFor(next, open)
    const kept = this.#kept
    if (JSON.stringify(shape) === JSON.stringify(kept)) return
    this.#kept = shape
    if (kept !== null) await open.stage.prepare(kept, 0)
    if (shape !== null) await open.stage.prepare(shape)
  }

  async #shapeFor(step: SandboxStep, open: OpenStage): Promise<SandboxSpec | null> {
    const { writable, limits } = this.#deps
    // A directory is for one sandbox, and made with it.
    if (writable.medium.kind === 'directory' || isPublished(step)) return null
    const root = await this.#images.rootNow(step)
    if (root === null) return null
    const own = limitsOfStep(step, limits)
    const layer = await writable.make('', own.diskBytes)
    return {
      name: 'ready',
      root: { lowers: root.lowers, writable: layer },
      ...shapeOf(step, open),
      ...{ binds: [], argv: ['/'], env: {}, cwd: '/', hostname: 'ready' },
      limits: cgroupLimits(own),
    }
  }
}
