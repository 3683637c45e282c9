import { DEFAULT_PATH } from '../../layers/image-config.js'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { BindMount, SandboxExit, SandboxSpec } from '../../../native/lib/types.js'
import { SandpiperError } from '../../../protocol/errors.js'
import { ImageFiles } from '../../stage/image-files.js'
import { writeStepFiles } from '../../stage/step-files.js'
import { hostsFile, resolvFile } from '../../stage/step-network.js'
import { locateProgram } from '../../stage/step-program.js'
import { resolveUser } from '../../stage/step-user.js'
import { RUN_SCRIPT_PATH, type RunAction } from '../dockerfile/actions.js'
import type { BuildGround } from './build-ground.js'
import { keepUpper, type LayerKeeper } from './layers.js'
import { makeStubs, upperOf } from './stubs.js'
import type { StoredLayer } from '../../layers/types.js'

/** A directory or file of the host that a RUN sees besides its root. */
export type RunMount =
  | { readonly kind: 'bind'; readonly bind: BindMount; readonly isFile: boolean }
  | { readonly kind: 'memory'; readonly target: string; readonly sizeBytes: number }

export interface RunRequest {
  readonly ground: BuildGround
  readonly keeper: LayerKeeper
  readonly action: RunAction
  /** Diff ids of the layers below, bottom first. */
  readonly below: readonly string[]
  readonly mounts: readonly RunMount[]
  /** Variables that secrets are in. */
  readonly secrets: Readonly<Record<string, string>>
}

export interface RanLayer {
  readonly exit: SandboxExit
  /** What it wrote; null when that is nothing, or it failed. */
  readonly layer: StoredLayer | null
}

/**
 * Runs the program of a RUN in a sandbox like that of a step, on the layers so far, and keeps what it wrote.
 * @throws SandpiperError SP_RUNNER_USER, SP_RUNNER_NO_PROGRAM and those of the layer store; NativeError
 */
export async function runLayer(request: RunRequest): Promise<RanLayer> {
  const { ground, keeper, action, below } = request
  const { deps, open } = ground.options
  const directory = ground.newDirectory()
  const upper = path.join(directory, 'layer')
  await mkdir(upper, { recursive: true, mode: 0o700 })
  const lowers = deps.layers.layerPaths({ layers: below })
  const image = new ImageFiles(lowers)
  const user = await resolveUser(action.user, image)
  const env = {
    HOME: user.home ?? (user.user === undefined ? '/root' : '/'),
    PATH: DEFAULT_PATH,
    ...action.env,
    ...request.secrets,
  }
  const binds = await bindsOf(request, directory)
  const stubs = await makeStubs(path.join(directory, 'stubs'), {
    directories: [...directoriesOf(request.mounts), action.cwd],
    files: [...binds.filter(({ isFile }) => isFile).map(({ bind }) => bind.target)],
    ...{ image, rootOnDisk: deps.ids.rootOnDisk },
  })
  const place = { files: image, cwd: action.cwd, path: env.PATH, of: {} }
  const isOwn = action.script !== undefined
  const exit = await ground.run({
    root: {
      lowers: [...lowers, stubs].map((one) => ({ path: one })),
      writable: { kind: 'directory', path: upper, mode: 0o755 },
    },
    binds: binds.map(({ bind }) => bind),
    argv: isOwn ? action.argv : await locateProgram(action.argv, { ...place, of: { image: '' } }),
    env,
    cwd: action.cwd,
    watched: upper,
    ...memoryOf(request.mounts),
    ...(user.user === undefined ? {} : { user: user.user }),
    ...(action.network === 'none' ? { network: 'none' as const } : {}),
  })
  const hasFailed = exit.code !== 0 || ground.options.stop.reason !== null
  const layer = hasFailed ? null : await keepUpper(keeper, upperOf(upper), open.stageIds)
  await deps.trash.discard(directory)
  return { exit, layer }
}

interface OwnBind {
  readonly bind: BindMount
  readonly isFile: boolean
}

/** Its mounts, and what every step has in /etc. */
async function bindsOf(
  { ground, action, mounts }: RunRequest,
  directory: string,
): Promise<readonly OwnBind[]> {
  const { open, run } = ground.options
  const step = action.network === 'none' ? { ...run.step, network: 'none' as const } : run.step
  const files = await writeStepFiles(directory, {
    hostname: ground.hostname,
    hosts: hostsFile(step, run.job.stage, open.network.plan, ground.hostname),
    resolv: resolvFile(step, open.network.resolvers),
  })
  const script = action.script === undefined ? [] : [await scriptBind(directory, action.script)]
  return [
    ...mounts.flatMap((mount) => (mount.kind === 'bind' ? [mount] : [])),
    ...[...files, ...script].map((bind) => ({ bind, isFile: true })),
  ]
}

async function scriptBind(directory: string, content: string): Promise<BindMount> {
  const source = path.join(directory, 'heredoc')
  await writeFile(source, content, { mode: 0o600 })
  await chmod(source, 0o555)
  return { source, target: RUN_SCRIPT_PATH, readOnly: true }
}

function directoriesOf(mounts: readonly RunMount[]): readonly string[] {
  return mounts.flatMap((mount) => {
    if (mount.kind === 'memory') return [mount.target]
    return mount.isFile ? [] : [mount.bind.target]
  })
}

function memoryOf(mounts: readonly RunMount[]): Pick<SandboxSpec, 'tmpfs'> {
  const tmpfs = mounts.flatMap((mount) =>
    mount.kind === 'memory' ? [{ target: mount.target, sizeBytes: mount.sizeBytes }] : [],
  )
  return tmpfs.length === 0 ? {} : { tmpfs }
}

/** What a mount of a Dockerfile can't be here. */
export function badMount(message: string): SandpiperError {
  return new SandpiperError('SP_BUILD_MOUNT', message)
}
