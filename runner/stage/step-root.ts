import { DEFAULT_PATH } from '../layers/image-config.js'
import type { BindMount, OverlaySpec } from '../../native/lib/types.js'
import type { Image, ImageConfig, LayerStore } from '../layers/types.js'
import type { StageDeps } from './deps.js'
import { ImageFiles } from './image-files.js'

/** What a step's root file system is made of, and what it says about running it. */
export interface StepRoot {
  readonly lowers: OverlaySpec['lowers']
  readonly files: ImageFiles
  readonly binds: readonly BindMount[]
  readonly env: Readonly<Record<string, string>>
  readonly entrypoint: readonly string[]
  readonly cmd: readonly string[]
  readonly workingDir: string
  /** How its own program is found to be ready, as far as the image says. */
  readonly readiness: Pick<ImageConfig, 'ports' | 'healthcheck'>
  /** User to run as, in the words of `user:`; empty is root. */
  readonly user: string
  /** Absent for the host's tools. */
  readonly image?: Image
}

/** The root that an image makes. Its layers must be held as long as it is used. */
export function rootOfImage(image: Image, layers: Pick<LayerStore, 'layerPaths'>): StepRoot {
  const paths = layers.layerPaths(image)
  const { env, entrypoint, cmd, workingDir, user, ...readiness } = image.config
  return {
    lowers: paths.map((path) => ({ path })),
    files: new ImageFiles(paths),
    binds: [],
    image,
    env: { PATH: DEFAULT_PATH, ...env },
    ...{ entrypoint, cmd, user, readiness },
    workingDir: workingDir.startsWith('/') ? workingDir : `/${workingDir}`,
  }
}

/** The root of steps without an image: a view of the host's tools. */
export async function hostRoot(deps: Pick<StageDeps, 'hostRoot'>): Promise<StepRoot> {
  const { lower, binds, env } = await deps.hostRoot()
  const files = new ImageFiles([lower])
  const own = { entrypoint: [], cmd: [], workingDir: '/', user: '', readiness: {} }
  return { lowers: [{ path: lower }], files, binds, env, ...own }
}
