import path from 'node:path'
import { SandpiperError } from '../../../protocol/errors.js'
import type { Image } from '../../layers/types.js'
import { IMAGE_LAYERS_MAX } from '../../layers/limits.js'
import { parseImageName } from '../../layers/image-name.js'
import {
  baseOf,
  buildScope,
  fromOf,
  platformOf,
  targetStage,
  type Origin,
} from '../dockerfile/build-scope.js'
import type { Dockerfile } from '../dockerfile/instruction.js'
import { parseDockerfile } from '../dockerfile/parse-dockerfile.js'
import type { BuildScope } from '../dockerfile/situation.js'
import { dockerfileError, unsupported, type Place } from '../errors.js'
import { ownPlatform } from '../../registry/manifest/platforms.js'
import type { OciImage } from '../image/oci-image.js'
import { DOCKERFILE_BYTES_MAX } from '../limits.js'
import type { BuildRequest } from '../plugins/build-request.js'
import { BuildCache } from './build-cache.js'
import type { BuildGround } from './build-ground.js'
import { CacheImages } from './cache-images.js'
import { readWorkspaceFile, type CopySource } from './copy-layer.js'
import type { LayerKeeper } from './layers.js'
import { StageBuild } from './stage-build.js'
import { insideOf, type StepPlace } from './step-place.js'

/** What an image is built with. */
export interface BuildOptions {
  readonly ground: BuildGround
  readonly keeper: LayerKeeper
  readonly request: BuildRequest
  readonly place: StepPlace
  /** Whose old layers may be used, and whose the new ones are: the first. */
  readonly cacheScopes: readonly string[]
  /** Time of the build as RFC 3339 has it. */
  readonly created: string
  /** Brings an image, whose layers are held then. */
  readonly image: (name: string, place: Place) => Promise<Image>
  readonly say: (text: string) => Promise<void>
}

/** One build: its stages are built when something needs them, each once. */
export class Build {
  readonly options: BuildOptions
  readonly cache: BuildCache
  readonly cacheImages: CacheImages
  readonly dockerfile: Dockerfile
  readonly scope: BuildScope
  /** Directory of the context below the workspace. */
  readonly context: string
  /** Path of the list of ignored files below the context; null: there is none. */
  readonly ignore: string | null
  readonly #stages = new Map<number, Promise<OciImage>>()
  #hasToldCaches = false

  private constructor(
    options: BuildOptions,
    parts: Pick<Build, 'dockerfile' | 'scope' | 'context' | 'ignore'>,
  ) {
    this.options = options
    this.cache = new BuildCache({
      keeper: options.keeper,
      isUsed: options.request.useCache,
      scopes: options.cacheScopes,
    })
    this.cacheImages = new CacheImages({
      names: options.request.useCache ? options.request.cacheFrom : [],
      bring: (name) => options.image(name, { file: parts.dockerfile.file, line: 1 }),
      say: options.say,
    })
    this.dockerfile = parts.dockerfile
    this.scope = parts.scope
    this.context = parts.context
    this.ignore = parts.ignore
  }

  /**
   * Reads the Dockerfile.
   * @throws SandpiperError SP_BUILD_NO_DOCKERFILE, SP_BUILD_CONTEXT, SP_BUILD_PLATFORM, and those of parseDockerfile
   */
  static async open(options: BuildOptions): Promise<Build> {
    const { request, ground, place } = options
    checkPlatforms(request.platforms)
    const context = insideOf(place, request.context)
    const { text, at } = await readDockerfile(options, context)
    const dockerfile = parseDockerfile(text, at)
    const { os, architecture } = ownPlatform()
    const scope = buildScope(dockerfile, {
      args: request.args,
      platform: `${os}/${architecture}`,
    })
    const ignore = await findIgnoreList(ground, context, at)
    return new Build(options, { dockerfile, scope, context, ignore })
  }

  /** Builds the stage that is wanted. @throws SandpiperError; RunFailed */
  async run(): Promise<OciImage> {
    const { request, say } = this.options
    const { syntax } = this.dockerfile
    if (syntax !== null)
      await say(`syntax=${syntax} is not fetched: what it stands for is built in`)
    const image = await this.stage(targetStage(this.dockerfile, request.target))
    const unused = [...request.args.keys()].filter(
      (name) => !this.scope.used.has(name) && !/^(?:https?|no)_proxy$/i.test(name),
    )
    if (unused.length > 0) {
      await say(`warning: no instruction asked for the build arguments ${unused.join(', ')}`)
    }
    return image
  }

  /** The image of a stage. */
  stage(index: number): Promise<OciImage> {
    const known = this.#stages.get(index) ?? new StageBuild(this, index).run()
    this.#stages.set(index, known)
    return known
  }

  /** What FROM of the stage names, once the platform is found to be this one. */
  baseOf(index: number): Origin {
    const stage = this.dockerfile.stages[index]
    const { os, architecture } = ownPlatform()
    const platform = stage === undefined ? null : platformOf(stage, this.scope)
    if (stage !== undefined && platform !== null && !isOwn(platform)) {
      throw unsupported(
        { file: this.dockerfile.file, line: stage.line },
        `this machine builds for ${os}/${architecture}, not for ${platform}`,
        'Build on a runner of that platform.',
      )
    }
    return baseOf(this.dockerfile, index, this.scope)
  }

  /** What `--from` names in a stage; null is the context. */
  async source(from: string | null, index: number, place: Place): Promise<CopySource> {
    if (from === null) return { kind: 'workspace', directory: this.context, ignore: this.ignore }
    const origin = fromOf(this.dockerfile, from, index)
    if (origin.kind === 'stage') {
      const { rootfs } = await this.stage(origin.index)
      return { kind: 'layers', layers: rootfs.diff_ids }
    }
    if (origin.kind === 'scratch') throw dockerfileError(place, 'scratch has no files')
    const { layers } = await this.options.image(origin.name, place)
    return { kind: 'layers', layers }
  }

  async tellCaches(): Promise<void> {
    if (this.#hasToldCaches) return
    this.#hasToldCaches = true
    await this.options.say('RUN --mount=type=cache is an empty directory: caches are not kept yet')
  }

  checkLayerCount(layers: readonly string[], place: Place): void {
    if (layers.length < IMAGE_LAYERS_MAX) return
    throw new SandpiperError(
      'SP_BUILD_TOO_LARGE',
      `${place.file}:${String(place.line)}: the image has ${String(IMAGE_LAYERS_MAX)} layers already`,
      { hint: 'Join several RUN into one with &&.' },
    )
  }
}

function checkPlatforms(platforms: readonly string[]): void {
  const others = platforms.filter((platform) => !isOwn(platform))
  if (others.length === 0) return
  const { os, architecture } = ownPlatform()
  throw new SandpiperError(
    'SP_BUILD_PLATFORM',
    `this machine builds for ${os}/${architecture}, not for ${others.join(', ')}`,
    { hint: 'Give each platform a pipeline of its own on a runner of that platform.' },
  )
}

function isOwn(platform: string): boolean {
  const [os = '', architecture = '', variant = ''] = platform.trim().split('/')
  const own = ownPlatform()
  const isVariant = variant === '' || (architecture === 'arm64' && variant === 'v8')
  return os === own.os && architecture === own.architecture && isVariant
}

/** As Docker finds it: from where the step is; else, as kaniko does, in the context. */
async function readDockerfile(
  { ground, request, place }: BuildOptions,
  context: string,
): Promise<{ readonly text: string; readonly at: string }> {
  const { workspace } = place
  for (const directory of new Set([place.directory, context])) {
    const at = insideOf({ workspace, directory }, request.dockerfile)
    const bytes = await readWorkspaceFile(ground, at, DOCKERFILE_BYTES_MAX)
    if (bytes !== null) return { text: bytes.toString('utf8'), at }
  }
  throw new SandpiperError(
    'SP_BUILD_NO_DOCKERFILE',
    `there is no ${request.dockerfile} in the workspace`,
    { hint: 'Name it in the setting `dockerfile`, as a path in the checkout.' },
  )
}

/** A list beside the Dockerfile is for that one alone (docs.docker.com, build context). */
async function findIgnoreList(
  ground: BuildGround,
  context: string,
  dockerfile: string,
): Promise<string | null> {
  const own = path.posix.relative(context, `${dockerfile}.dockerignore`)
  const isBelow = !own.startsWith('../')
  const has = async (name: string): Promise<boolean> =>
    (await readWorkspaceFile(ground, path.posix.join(context, name), DOCKERFILE_BYTES_MAX)) !== null
  if (isBelow && (await has(own))) return own
  return (await has('.dockerignore')) ? '.dockerignore' : null
}

/** The name of an image with its tag, for messages. @throws SandpiperError SP_IMAGE_NAME */
export function fullName(name: string): string {
  return parseImageName(name).familiar
}
