import { chmod, chown, mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { BindMount, SandboxSpec, StageSpec } from '../../native/lib/types.js'
import type { MountPlan, SandboxStep, StagePlan, TempVolume } from '../../pipelines/plan.js'
import { SandpiperError } from '../../protocol/errors.js'
import type { StepLimits } from '../config.js'
import type { ImageFiles } from './image-files.js'
import { sizesInMemory } from './volume-memory.js'

/**
 * Where nothing may be mounted, neither in them nor over them: the kernel's file systems, and the files
 * that the runner itself mounts.
 */
const RESERVED = [
  ...['/proc', '/sys', '/dev', '/run/sandpiper'],
  ...['/etc/hosts', '/etc/hostname', '/etc/resolv.conf'],
]
const SHARED_MEMORY = '/dev/shm'

/** A directory of a step whose size is watched. */
export interface SizedDirectory {
  readonly directory: string
  readonly limitBytes: number
  /** For messages. */
  readonly what: string
  /** The writable layer: files that were deleted and are still open count to it, wherever they were. */
  readonly isRoot?: true
}

/** What a step's mounts come to. */
export interface StepMounts {
  readonly binds: readonly BindMount[]
  /** Those in memory. */
  readonly volumes: NonNullable<SandboxSpec['volumes']>
  readonly sized: readonly SizedDirectory[]
}

/** The volumes of a stage by their names: a host directory, or what the launcher knows it by. */
export type StageVolumes = ReadonlyMap<
  string,
  { readonly directory: string } | { readonly inMemory: string }
>

export interface MadeVolumes {
  readonly volumes: StageVolumes
  readonly inMemory: NonNullable<StageSpec['volumes']>
}

/**
 * Makes the volumes of a stage: empty, for everyone in it to write to. Names of volumes are numbered, as
 * they are no names of files.
 * @param owner host id that is root inside
 * @param limits what the volumes in memory may hold comes of these
 * @throws SandpiperError SP_RUNNER_LIMIT
 */
export async function makeVolumes(
  stage: Pick<StagePlan, 'volumes'>,
  parent: string,
  owner: number,
  limits: StepLimits,
): Promise<MadeVolumes> {
  const sizes = sizesInMemory(stage, limits)
  const volumes = new Map<string, { directory: string } | { inMemory: string }>()
  const inMemory: { name: string; sizeBytes: number }[] = []
  for (const [index, volume] of (stage.volumes ?? []).entries()) {
    if (volume.kind !== 'temp') continue
    if (volume.medium === 'memory') {
      const name = `volume-${index}`
      inMemory.push({ name, sizeBytes: sizes.get(volume.name) ?? 0 })
      volumes.set(volume.name, { inMemory: name })
    } else {
      const directory = path.join(parent, String(index))
      await makeShared(directory, owner)
      volumes.set(volume.name, { directory })
    }
  }
  return { volumes, inMemory }
}

async function makeShared(directory: string, owner: number): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await chmod(directory, 0o777)
  await chown(directory, owner, owner)
}

/**
 * The mounts of one step, outer ones first so that none hides another.
 * @param files the image, whose links lead to other places
 * @throws SandpiperError SP_RUNNER_MOUNT
 */
export async function mountsOf(
  step: Pick<SandboxStep, 'mounts'>,
  stage: Pick<StagePlan, 'volumes' | 'workspace'>,
  made: StageVolumes,
  files: Pick<ImageFiles, 'resolve'>,
): Promise<StepMounts> {
  const placed = await placeMounts(step.mounts ?? [], stage, files)
  const binds: BindMount[] = []
  const volumes: { name: string; target: string; readOnly: boolean }[] = []
  const sized: SizedDirectory[] = []
  for (const { mount, target } of placed) {
    const { name, sizeBytes } = volumeOf(mount, stage)
    const place = made.get(name)
    if (place === undefined) continue
    const readOnly = mount.readOnly ?? false
    if ('inMemory' in place) {
      volumes.push({ name: place.inMemory, target, readOnly })
      continue
    }
    binds.push({ source: place.directory, target, readOnly })
    if (sizeBytes === undefined || readOnly) continue
    sized.push({ directory: place.directory, limitBytes: sizeBytes, what: `volume ${name}: size` })
  }
  return { binds, volumes, sized }
}

interface PlacedMount {
  readonly mount: MountPlan
  /** Absolute path inside without links. */
  readonly target: string
}

async function placeMounts(
  mounts: readonly MountPlan[],
  { workspace }: Pick<StagePlan, 'workspace'>,
  files: Pick<ImageFiles, 'resolve'>,
): Promise<readonly PlacedMount[]> {
  const placed: PlacedMount[] = []
  for (const mount of mounts) {
    if (!mount.path.startsWith('/')) throw cantMount(mount, 'the path is not absolute')
    const target = await files.resolve(mount.path)
    if (target === null) throw cantMount(mount, 'its links lead nowhere')
    const why = refusalOf(target, (await files.resolve(workspace)) ?? workspace)
    if (why !== null) throw cantMount(mount, why)
    if (placed.some((other) => other.target === target)) {
      throw cantMount(mount, 'another volume is there')
    }
    placed.push({ mount, target })
  }
  return placed.sort((a, b) => depthOf(a.target) - depthOf(b.target))
}

function refusalOf(target: string, workspace: string): string | null {
  if (target === '/') return 'it would hide the whole image'
  if (target === workspace) return 'it is the workspace'
  if (target === SHARED_MEMORY) return null
  if (RESERVED.some((one) => isWithin(target, one))) return 'that place is the system’s own'
  const hidden = RESERVED.find((one) => isWithin(one, target))
  return hidden === undefined ? null : `it would hide ${hidden}`
}

function volumeOf(mount: MountPlan, stage: Pick<StagePlan, 'volumes'>): TempVolume {
  const volume = stage.volumes?.find(({ name }) => name === mount.volume)
  if (volume?.kind === 'temp') return volume
  const why = volume ? 'is a path of the host' : 'is not declared'
  throw cantMount(mount, `volume ${mount.volume} ${why}`)
}

function isWithin(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(`${outer}/`)
}

function depthOf(target: string): number {
  return target.split('/').length
}

function cantMount(mount: MountPlan, why: string): SandpiperError {
  return new SandpiperError(
    'SP_RUNNER_MOUNT',
    `can't mount volume ${mount.volume} at ${JSON.stringify(mount.path)}: ${why}`,
    { hint: 'Give a declared volume and an absolute path of its own' },
  )
}
