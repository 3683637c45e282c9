import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type {
  BindMount,
  ExecSpec,
  OverlaySpec,
  SandboxSpec,
  WritableLayer,
} from '../../native/lib/types.js'
import type { SandboxStep } from '../../pipelines/plan.js'
import { generateScript } from '../../pipelines/script/generate-script.js'
import { makeStubs, upperOf } from '../build/run/stubs.js'
import type { StepLimits } from '../config.js'
import type { Image } from '../layers/types.js'
import { cgroupLimits } from './cgroup-limits.js'
import type { StageDeps } from './deps.js'
import { DiskMeter } from './disk-meter.js'
import { readinessPlan, type ReadinessPlan } from './health/readiness-plan.js'
import { rlimitsOf } from './rlimits.js'
import type { OpenStage } from './stage-space.js'
import { environmentOf } from './step-environment.js'
import { OUTPUT_PATH, writeStepFiles } from './step-files.js'
import { limitsOfStep } from './step-limits.js'
import { hostsFile, resolvFile } from './step-network.js'
import { locateProgram, programOf, workingDirOf } from './step-program.js'
import type { StepRoot } from './step-root.js'
import type { StepRun } from './step-run.js'
import { resolveUser } from './step-user.js'
import { mountsOf, type SizedDirectory, type StepMounts } from './volumes.js'

/** Least size of a tmpfs that the launcher makes: a page. */
const PAGE_BYTES = 4096

/** Everything about one try that is known before it starts. */
export interface PreparedStep {
  readonly open: OpenStage
  readonly spec: SandboxSpec
  readonly limits: StepLimits
  /** Directories that may not grow beyond a size. */
  readonly sized: readonly SizedDirectory[]
  /** What its writable layer takes. */
  readonly disk: DiskMeter
  /** What becomes a layer on the image when the step has succeeded; null: nothing does. */
  readonly published: { readonly upper: string; readonly image: Image } | null
  /** How others know that they may use it; null where nobody waits for that. */
  readonly readiness: ReadinessPlan | null
  /** The command of that; null where it has none. */
  readonly health: ExecSpec | null
}

/** What the program of a step gets, whichever it is. */
interface Surroundings extends Pick<SandboxSpec, 'env' | 'cwd' | 'user'> {
  readonly env: Readonly<Record<string, string>>
}

/**
 * Makes the directories and files of one try below `directory`.
 * @throws SandpiperError when the step asks for what this runner or its image has not
 */
export async function prepareStep(
  run: StepRun,
  tryNumber: number,
  directory: string,
  deps: StageDeps,
): Promise<PreparedStep> {
  const { job, step } = run
  const limits = limitsOfStep(step, deps.limits)
  const root = await run.root()
  const user = await resolveUser(step.user ?? root.user, root.files)
  const env = environmentOf(run, root, user, deps.machine)
  const cwd = workingDirOf(step, job.stage.workspace, root)
  const argv = await programOf(step, root, cwd, env)
  const surroundings = { env, cwd, ...(user.user === undefined ? {} : { user: user.user }) }
  const check = await checkOf(step, root, surroundings)
  const open = await run.openStage()
  const mounts = await mountsOf(step, job.stage, open.volumes, root.files)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const layer = path.join(directory, 'layer')
  const isKept = isPublished(step)
  const writable = isKept
    ? await keptLayer(layer)
    : await deps.writable.make(layer, limits.diskBytes)
  const files = await writeFiles(run, directory, open)
  const binds = [...root.binds, ...mounts.binds, ...files]
  const stubs = isKept
    ? [await stubsOf({ run, root, mounts, files, deps }, path.join(directory, 'stubs'))]
    : []
  const spec: SandboxSpec = {
    name: nameOf(run, tryNumber),
    root: { lowers: [...root.lowers, ...stubs], writable },
    workspaceTarget: job.stage.workspace,
    // The runner's own files come last, so that nothing is mounted over them.
    binds,
    argv,
    ...surroundings,
    hostname: hostnameOf(run),
    limits: cgroupLimits(limits),
    rlimits: rlimitsOf(limits.openFiles, step.resources?.openFiles !== undefined),
    ...shapeOf(step, open),
    ...(mounts.volumes.length === 0 ? {} : { volumes: mounts.volumes }),
  }
  const sized = sizedOf({ ...limits, ...(isKept ? { watchDisk: true } : {}) }, writable, mounts)
  const published =
    isKept && root.image !== undefined ? { upper: upperOf(layer), image: root.image } : null
  return { open, spec, limits, sized, disk: new DiskMeter([layer]), published, ...check }
}

/** An image's own check that can't be run tells nothing: its step is ready when it runs. */
async function checkOf(
  step: SandboxStep,
  root: StepRoot,
  surroundings: Surroundings,
): Promise<Pick<PreparedStep, 'readiness' | 'health'>> {
  const readiness = readinessPlan(step, root)
  const { command, ofImage } = readiness ?? {}
  if (command === undefined) return { readiness, health: null }
  const { env, cwd } = surroundings
  const place = { files: root.files, cwd, path: env['PATH'] ?? '', of: step }
  try {
    return { readiness, health: { argv: await locateProgram(command, place), ...surroundings } }
  } catch (error) {
    if (ofImage !== true) throw error
    return { readiness: null, health: null }
  }
}

/** A layer that is looked at when the step has ended is a directory: others are gone then. */
async function keptLayer(directory: string): Promise<WritableLayer> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  return { kind: 'directory', path: directory, mode: 0o755 }
}

/** Whether what a step writes to its root is kept. */
export function isPublished(step: SandboxStep): boolean {
  return step.kind === 'commands' && step.publish !== undefined
}

interface Mounted {
  readonly run: StepRun
  readonly root: StepRoot
  readonly mounts: StepMounts
  readonly files: readonly BindMount[]
  readonly deps: Pick<StageDeps, 'ids'>
}

async function stubsOf(
  { run, root, mounts, files, deps }: Mounted,
  directory: string,
): Promise<OverlaySpec['lowers'][number]> {
  const stubs = await makeStubs(directory, {
    directories: [
      run.job.stage.workspace,
      ...mounts.binds.map(({ target }) => target),
      ...mounts.volumes.map(({ target }) => target),
    ],
    files: files.map(({ target }) => target),
    image: root.files,
    rootOnDisk: deps.ids.rootOnDisk,
  })
  return { path: stubs }
}

function writeFiles(
  run: StepRun,
  directory: string,
  open: OpenStage,
): Promise<readonly BindMount[]> {
  const { job, step } = run
  const hostname = hostnameOf(run)
  return writeStepFiles(directory, {
    ...(step.kind === 'commands'
      ? { script: generateScript(step.commands, run.log.markSecret) }
      : {}),
    hostname,
    hosts: hostsFile(step, job.stage, open.network.plan, hostname),
    resolv: resolvFile(step, open.network.resolvers),
  })
}

function nameOf({ job, number }: StepRun, tryNumber: number): string {
  const name = `s${job.stageId}-${job.attempt}-${number}`
  return tryNumber === 1 ? name : `${name}-${tryNumber}`
}

function hostnameOf({ job, number }: StepRun): string {
  return `sandpiper-${job.stageId}-${number}`
}

/** What of a sandbox is known before its step starts, beside its root: the launcher prepares by it. */
export function shapeOf(
  step: SandboxStep,
  { network }: OpenStage,
): Pick<SandboxSpec, 'network' | 'outputFile' | 'shmBytes'> {
  const { shmBytes } = step
  return {
    ...networkOf(step, network),
    outputFile: OUTPUT_PATH,
    ...(shmBytes === undefined ? {} : { shmBytes: Math.max(shmBytes, PAGE_BYTES) }),
  }
}

function networkOf(step: SandboxStep, network: OpenStage['network']): Pick<SandboxSpec, 'network'> {
  if (step.network === 'none') return { network: 'none' }
  const own = network.plan.members.find((member) => member.step === step.name)
  return own === undefined ? {} : { network: { name: own.network } }
}

/** What nothing but a watch bounds; a watch costs, so the layer has one only where somebody asked. */
function sizedOf(
  { diskBytes, watchDisk }: StepLimits,
  writable: WritableLayer,
  mounts: StepMounts,
): SizedDirectory[] {
  if (writable.kind !== 'directory' || watchDisk !== true) return [...mounts.sized]
  const directory = writable.path
  return [{ directory, limitBytes: diskBytes, what: 'disk', isRoot: true }, ...mounts.sized]
}
