import type { BindMount, OverlaySpec } from '../../native/lib/types.js'
import type { CommandsStep } from '../../pipelines/plan.js'
import { SandpiperError } from '../../protocol/errors.js'
import type { StageDeps } from './deps.js'

/** PATH of images that set none; Docker's default. */
const PATH_DEFAULT = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** What a step's root file system is made of, and the variables that belong to it. */
export interface StepRoot {
  readonly lowers: OverlaySpec['lowers']
  readonly binds: readonly BindMount[]
  readonly env: Readonly<Record<string, string>>
}

/**
 * The root of a step: its image's layers or, in `exec` stages, a view of the host's tools.
 * @throws SandpiperError SP_RUNNER_NO_IMAGE
 */
export async function resolveRoot(
  step: CommandsStep,
  deps: Pick<StageDeps, 'layers' | 'hostRoot'>,
): Promise<StepRoot> {
  if (step.image === undefined) {
    const host = await deps.hostRoot()
    return { lowers: [{ path: host.lower }], binds: host.binds, env: host.env }
  }
  const image = await deps.layers.find(step.image)
  if (!image) throw missingImage(step.image)
  const lowers = deps.layers.layerPaths(image).map((path) => ({ path }))
  const env = { HOME: '/root', PATH: PATH_DEFAULT, ...image.config.env }
  return { lowers, binds: [], env }
}

function missingImage(name: string): SandpiperError {
  return new SandpiperError(
    'SP_RUNNER_NO_IMAGE',
    `image ${name} is not in the layer store of this runner`,
    { hint: `Import it on the runner's machine: sandpiper image import ${name} --tar FILE` },
  )
}
