import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { BindMount, SandboxSpec, WritableLayer } from '../../native/lib/types.js'
import type { StepLimits } from '../config.js'
import type { Host } from '../host.js'
import { cgroupLimits } from '../stage/cgroup-limits.js'
import { rlimitsOf } from '../stage/rlimits.js'
import { limitsOfStep } from '../stage/step-limits.js'
import { programOf } from '../stage/step-program.js'
import type { StepRoot } from '../stage/step-root.js'
import { resolveUser, type StepUser } from '../stage/step-user.js'
import type { SizedDirectory } from '../stage/volumes.js'
import type { BareRun } from './types.js'
import { writeNetworkFiles } from './network-files.js'

const HOSTNAME = 'sandpiper'
const NAME = 'run'

/** Everything about a run that is known before its sandbox starts. */
export interface PreparedRun {
  readonly spec: SandboxSpec
  readonly limits: StepLimits
  /** Directories that nothing but a watch bounds. */
  readonly sized: readonly SizedDirectory[]
}

/**
 * Makes the directories and files of a run below `directory`.
 * @throws SandpiperError for what the image or the host has not: an image, a program, a user, a limit
 */
export async function prepareRun(
  run: BareRun,
  root: StepRoot,
  directory: string,
  deps: Host['deps'],
): Promise<PreparedRun> {
  const limits = limitsOf(run, deps.limits)
  const user = await resolveUser(run.user ?? root.user, root.files)
  const env = environmentOf(run, root, user)
  const cwd = path.posix.resolve('/', run.workingDir ?? root.workingDir)
  const argv = await argvOf(run, root, cwd, env)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const layer = path.join(directory, 'layer')
  const writable = await deps.writable.make(layer, limits.diskBytes)
  const spec: SandboxSpec = {
    name: NAME,
    root: { lowers: root.lowers, writable },
    binds: [...root.binds, ...(await writeNetworkFiles(directory, HOSTNAME)), ...mountsOf(run)],
    ...{ argv, env, cwd, hostname: HOSTNAME, limits: cgroupLimits(limits) },
    ...(user.user === undefined ? {} : { user: user.user }),
    ...(run.network === undefined ? {} : { network: run.network }),
    rlimits: rlimitsOf(limits.openFiles, run.resources.openFiles !== undefined),
  }
  return { spec, limits, sized: sizedOf(writable, limits) }
}

/** A watch costs: there is one only where nothing else bounds the layer and somebody asked. */
function sizedOf(
  writable: WritableLayer,
  { diskBytes, watchDisk }: StepLimits,
): readonly SizedDirectory[] {
  if (writable.kind !== 'directory' || watchDisk !== true) return []
  return [{ directory: writable.path, limitBytes: diskBytes, what: 'disk', isRoot: true }]
}

/** Whoever runs it here is who the maxima of a runner would be for. */
function limitsOf({ resources }: BareRun, own: StepLimits): StepLimits {
  return limitsOfStep({ resources }, { ...own, ...UNBOUNDED })
}

const UNBOUNDED = {
  ...{ memoryBytesMax: Infinity, pidsMax: Infinity, cpusMax: Infinity, cpuWeightMax: Infinity },
  ...{ diskBytesMax: Infinity, openFilesMax: Infinity, outputBytesMax: Infinity },
}

function environmentOf(
  run: BareRun,
  root: StepRoot,
  { home }: StepUser,
): Readonly<Record<string, string>> {
  return { ...(home === undefined ? {} : { HOME: home }), ...root.env, ...run.env }
}

/** What is given runs as it is; nothing given is what the image itself would run. */
function argvOf(
  { image, argv }: BareRun,
  root: StepRoot,
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const own = argv.length === 0 ? {} : { entrypoint: argv, command: [] }
  const step = { kind: 'entrypoint', ...(image === undefined ? {} : { image }), ...own } as const
  return programOf(step, root, cwd, env)
}

function mountsOf({ mounts }: BareRun): readonly BindMount[] {
  return mounts.map(({ source, target, readOnly }) => ({ source, target, readOnly }))
}
