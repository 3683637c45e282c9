import type { BindMount, OverlaySpec } from '../../native/lib/types.js'
import type { SandboxStep } from '../../pipelines/plan.js'
import { SandpiperError } from '../../protocol/errors.js'
import type { StageDeps } from './deps.js'
import { ImageFiles } from './image-files.js'

/** PATH of images that set none; Docker's default. */
const PATH_DEFAULT = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** What a step's root file system is made of, and what it says about running it. */
export interface StepRoot {
  readonly lowers: OverlaySpec['lowers']
  readonly files: ImageFiles
  readonly binds: readonly BindMount[]
  readonly env: Readonly<Record<string, string>>
  readonly entrypoint: readonly string[]
  readonly cmd: readonly string[]
  readonly workingDir: string
  /** User to run as, in the words of `user:`; empty is root. */
  readonly user: string
}

/**
 * The root of a step: its image's layers or, in `exec` stages, a view of the host's tools.
 * @throws SandpiperError SP_RUNNER_NO_IMAGE
 */
export async function resolveRoot(
  step: Pick<SandboxStep, 'image'>,
  deps: Pick<StageDeps, 'layers' | 'hostRoot'>,
): Promise<StepRoot> {
  if (step.image === undefined) return hostRoot(deps)
  const image = await deps.layers.find(step.image)
  if (!image) throw missingImage(step.image)
  const paths = deps.layers.layerPaths(image)
  const { env, entrypoint, cmd, workingDir, user } = image.config
  return {
    lowers: paths.map((path) => ({ path })),
    files: new ImageFiles(paths),
    binds: [],
    env: { PATH: PATH_DEFAULT, ...env },
    ...{ entrypoint, cmd, user },
    workingDir: workingDir.startsWith('/') ? workingDir : `/${workingDir}`,
  }
}

async function hostRoot(deps: Pick<StageDeps, 'hostRoot'>): Promise<StepRoot> {
  const { lower, binds, env } = await deps.hostRoot()
  const files = new ImageFiles([lower])
  const own = { entrypoint: [], cmd: [], workingDir: '/', user: '' }
  return { lowers: [{ path: lower }], files, binds, env, ...own }
}

function missingImage(name: string): SandpiperError {
  return new SandpiperError(
    'SP_RUNNER_NO_IMAGE',
    `image ${name} is not in the layer store of this runner`,
    { hint: `Import it on the runner's machine: sandpiper image import ${name} --tar FILE` },
  )
}
