import { setTimeout as delay } from 'node:timers/promises'
import type { SandboxStep, StagePlan } from '../../pipelines/plan.js'
import type { Images } from '../images/types.js'
import type { Image, LayerStore, Lease } from '../layers/types.js'
import { builderOf } from './builder-of.js'
import type { HostRootView } from './deps.js'
import type { PullCredentials } from './pull-credentials.js'
import { unlessAborted } from '../unless-aborted.js'
import { PullLog } from './pull-log.js'
import { hostRoot, rootOfImage, type StepRoot } from './step-root.js'

/** How long a checkout waits to know whom a late image runs as, in milliseconds. */
const USER_WAIT_MS = 5000

/** Images that a stage has brought at once, beside those that its steps wait for. */
const AHEAD = 2

export interface StageImagesOptions {
  readonly stage: Pick<StagePlan, 'steps'>
  readonly images: Images
  readonly layers: LayerStore
  readonly hostRoot: () => Promise<HostRootView>
  /** Of the stage's `image_pull_secrets`. */
  readonly credentials: () => PullCredentials
  /** Called whenever an image has come. */
  readonly onReady: () => void
}

/** How a step that waits for its image is told of it. */
export interface Waiting {
  readonly say: (text: string) => void
  readonly signal: AbortSignal
}

interface Coming {
  readonly log: PullLog
  readonly image: Promise<Image>
  /** Whom it runs as; resolves as soon as it is known, with null when it never will be. */
  readonly user: Promise<string | null>
  /** When it is there. */
  root: StepRoot | null
}

type ImageStep = Pick<SandboxStep, 'image' | 'pull'>

/**
 * The images of a stage's steps, each looked for once. They come in the order of the steps while earlier ones
 * run, and stay until the stage ends.
 */
export class StageImages {
  readonly #options: StageImagesOptions
  readonly #coming = new Map<string, Coming>()
  readonly #stop = new AbortController()
  #lease: Promise<Lease> | null = null

  constructor(options: StageImagesOptions) {
    this.#options = options
  }

  /** Begins to bring what the steps will want, a few at a time. Those that run after failures alone wait. */
  begin(): void {
    const queue = this.#options.stage.steps.filter(
      (step) => step.kind !== 'clone' && step.runOn.success && builderOf(step) === undefined,
    ) as SandboxStep[]
    const next = async (): Promise<void> => {
      for (let step = queue.shift(); step !== undefined; step = queue.shift()) {
        if (this.#stop.signal.aborted) return
        await this.#of(step)?.image.catch(() => undefined)
      }
    }
    for (let at = 0; at < AHEAD; at += 1) void next()
  }

  /**
   * The root of a step, as soon as all of it is there. What did not come before is tried again.
   * @throws as `Images.require`; the signal's reason
   */
  async root(step: ImageStep, { say, signal }: Waiting): Promise<StepRoot> {
    const coming = this.#of(step)
    if (coming === null) return hostRoot(this.#options)
    if (coming.root !== null) return coming.root
    const silence = coming.log.listen(say)
    try {
      return this.#rootOf(await unlessAborted(coming.image, signal))
    } finally {
      silence()
    }
  }

  /** The same when it is there by now, else null. */
  async rootNow(step: ImageStep): Promise<StepRoot | null> {
    if (step.image === undefined) return hostRoot(this.#options)
    return this.#coming.get(keyOf(step))?.root ?? null
  }

  /**
   * Whom the image of a step runs as; null when that can't be told in good time. An image that only a failure would
   * need is not brought for that: of such it is known only where the store has it.
   */
  async userOf(step: ImageStep & Pick<SandboxStep, 'runOn'>): Promise<string | null> {
    if (step.image !== undefined && !step.runOn.success && !this.#coming.has(keyOf(step))) {
      const found = await this.#options.layers.find(step.image).catch(() => null)
      return found?.config.user ?? null
    }
    const coming = this.#of(step)
    if (coming === null) return ''
    const late = delay(USER_WAIT_MS, null, { ref: false, signal: this.#stop.signal })
    return Promise.race([coming.user, late.catch(() => null)])
  }

  /** Lets go of the images. */
  async close(): Promise<void> {
    this.#stop.abort(new Error('the stage has ended'))
    for (const { image } of this.#coming.values()) await image.catch(() => undefined)
    await (await this.#lease)?.release()
  }

  #of(step: ImageStep): Coming | null {
    if (step.image === undefined) return null
    const key = keyOf(step)
    const known = this.#coming.get(key)
    if (known !== undefined) return known
    const coming = this.#bring(step.image, step.pull)
    this.#coming.set(key, coming)
    coming.image.then(
      (image) => {
        coming.root = this.#rootOf(image)
        coming.log.done()
        this.#options.onReady()
      },
      () => this.#coming.delete(key),
    )
    return coming
  }

  #bring(name: string, policy: SandboxStep['pull']): Coming {
    const log = new PullLog(name)
    let tell = (_: string | null): void => undefined
    const user = new Promise<string | null>((resolve) => (tell = resolve))
    const image = this.#require(name, policy, log, (found) => tell(found))
    image.catch(() => tell(null))
    return { log, image, user, root: null }
  }

  async #require(
    name: string,
    policy: SandboxStep['pull'],
    log: PullLog,
    onUser: (user: string) => void,
  ): Promise<Image> {
    const { images, layers, credentials } = this.#options
    this.#lease ??= layers.lease()
    const { configs, warnings } = credentials()
    for (const warning of warnings) log.warn(warning)
    return images.require(name, {
      lease: await this.#lease,
      ...(policy === undefined ? {} : { policy }),
      credentials: configs,
      signal: this.#stop.signal,
      onConfig: ({ user }) => onUser(user),
      onProgress: log.onProgress,
      say: log.say,
    })
  }

  #rootOf(image: Image): StepRoot {
    return rootOfImage(image, this.#options.layers)
  }
}

function keyOf({ image, pull }: ImageStep): string {
  return `${pull ?? ''} ${image ?? ''}`
}
