import { chmod, lstat, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { SandpiperError } from '../../../protocol/errors.js'
import type { Place } from '../errors.js'
import { dockerfileError, unsupported } from '../errors.js'
import type { MountFlag } from '../dockerfile/mount-flag.js'
import type { SecretSource } from '../plugins/build-arguments.js'
import { insideOf, type StepPlace } from './step-place.js'
import type { BuildGround } from './build-ground.js'
import { copyDigest, copyLayer, readWorkspaceFile, type CopySource } from './copy-layer.js'
import type { LayerKeeper } from './layers.js'
import type { RunMount } from './run-layer.js'

/** What the mounts of one RUN are made from. */
export interface MountContext {
  readonly ground: BuildGround
  readonly keeper: LayerKeeper
  readonly place: Place
  readonly secrets: readonly SecretSource[]
  /** Where paths of secrets in files go from. */
  readonly stepPlace: StepPlace
  /** What `from` names; null: the context. */
  readonly sourceOf: (from: string | null) => Promise<CopySource>
}

export interface PreparedMounts {
  readonly mounts: readonly RunMount[]
  /** Variables that secrets are in. */
  readonly secrets: Readonly<Record<string, string>>
  /** What decides what the RUN sees by them: no secrets, as with Docker. */
  readonly key: unknown
  readonly hasCaches: boolean
}

const MEMORY_BYTES_DEFAULT = 1024 ** 3

/**
 * Makes what the mounts of a RUN show.
 * @throws SandpiperError SP_BUILD_DOCKERFILE, SP_BUILD_UNSUPPORTED, SP_BUILD_SECRET, SP_BUILD_COPY
 */
export async function prepareMounts(
  flags: readonly MountFlag[],
  context: MountContext,
): Promise<PreparedMounts> {
  const mounts: RunMount[] = []
  const secrets: Record<string, string> = {}
  const keys: unknown[] = []
  for (const flag of flags) {
    const { id: _, ...told } = flag
    switch (flag.type) {
      case 'tmpfs':
      case 'cache':
        mounts.push({ kind: 'memory', target: flag.target, sizeBytes: sizeOf(flag, context.place) })
        keys.push(told)
        break
      case 'secret':
        await addSecret(flag, context, { mounts, secrets })
        keys.push({ ...told, id: flag.id })
        break
      case 'bind': {
        const { mount, digest } = await bindMount(flag, context)
        mounts.push(mount)
        keys.push({ ...told, digest })
      }
    }
  }
  const hasCaches = flags.some(({ type }) => type === 'cache')
  return { mounts, secrets, key: keys, hasCaches }
}

function sizeOf({ size }: MountFlag, place: Place): number {
  if (size === '') return MEMORY_BYTES_DEFAULT
  const [, count, unit = ''] = /^(\d{1,12})([kmg]?)b?$/i.exec(size) ?? []
  if (count === undefined) {
    throw dockerfileError(place, `${JSON.stringify(size)} is no size such as 64m`)
  }
  const factor = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[unit.toLowerCase()] ?? 1
  return Math.max(4096, Number(count) * factor)
}

/** The layer with a copy of what is bound is what is mounted: nothing of the host's, and read-only. */
async function bindMount(
  flag: MountFlag,
  { ground, keeper, place, sourceOf }: MountContext,
): Promise<{ readonly mount: RunMount; readonly digest: string }> {
  if (!flag.readOnly) {
    throw unsupported(
      place,
      'RUN --mount=type=bind is read-only',
      'Leave `rw` out, or COPY the files and remove them in the same RUN.',
    )
  }
  const source = await sourceOf(flag.from)
  const request = {
    ...{ ground, source, sources: [flag.source === '' ? '.' : flag.source], target: '/bound' },
    ...{ below: [], owner: flag.from === null ? '0:0' : null, mode: null },
  }
  const digest = await copyDigest(request, keeper.bytesMax)
  const layer = await copyLayer(request, keeper)
  const [directory = ''] = ground.options.deps.layers.layerPaths({ layers: [layer.diffId] })
  const bound = path.join(directory, 'bound')
  const found = await lstat(bound)
  // The launcher would follow a link, and from the host's root.
  if (!found.isFile() && !found.isDirectory()) {
    throw dockerfileError(place, `${flag.source} is neither a file nor a directory`)
  }
  const idMapped = ground.options.deps.ids.rootOnDisk === 0
  const bind = { source: bound, target: flag.target, readOnly: true, idMapped }
  return { mount: { kind: 'bind', bind, isFile: found.isFile() }, digest }
}

async function addSecret(
  flag: MountFlag,
  context: MountContext,
  into: { readonly mounts: RunMount[]; readonly secrets: Record<string, string> },
): Promise<void> {
  const { ground, place } = context
  const id = flag.id || path.posix.basename(flag.target)
  if (id === '') throw dockerfileError(place, '--mount=type=secret needs an id')
  const value = await secretValue(id, context)
  if (value === null) {
    if (!flag.required) return
    throw new SandpiperError(
      'SP_BUILD_SECRET',
      `${place.file}:${String(place.line)}: there is no secret ${JSON.stringify(id)}`,
      { hint: `Give it to the step: secret: id=${id},env=VARIABLE` },
    )
  }
  if (flag.env !== '') into.secrets[flag.env] = value.toString('utf8')
  if (flag.env !== '' && flag.target === '') return
  const directory = ground.newDirectory()
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const source = path.join(directory, 'secret')
  await writeFile(source, value, { mode: 0o600 })
  // Who reads it inside is nobody to the host; outside nobody gets to the directory.
  await chmod(source, 0o444)
  const target = flag.target === '' ? `/run/secrets/${id}` : flag.target
  into.mounts.push({ kind: 'bind', bind: { source, target, readOnly: true }, isFile: true })
}

const SECRET_BYTES_MAX = 500 * 1024

async function secretValue(
  id: string,
  { ground, secrets, stepPlace }: MountContext,
): Promise<Buffer | null> {
  const found = secrets.find((one) => one.id === id)
  if (found === undefined) return null
  if (found.kind === 'value') return Buffer.from(found.value)
  return readWorkspaceFile(ground, insideOf(stepPlace, found.path), SECRET_BYTES_MAX)
}
