import type { CgroupDirectory } from '../cgroup/plan.js'
import { RLIMIT_NUMBERS } from '../rlimit-numbers.js'
import type {
  ExecSpec,
  ImageLayer,
  OverlaySpec,
  RlimitSpec,
  SandboxSpec,
  StageSpec,
  ToolSpec,
  WritableLayer,
} from '../types.js'
import { PayloadWriter } from './writer.js'

const DEFAULT_SHM_BYTES = 64 * 1024 * 1024
const PAGE_BYTES = 4096
const FILES_MIN = 1024
/** RLIM_INFINITY (getrlimit(2)). */
const UNLIMITED = 0xffffffffffffffffn

/** Payload of a createStage request. */
export function encodeStage(spec: StageSpec): Buffer {
  const writer = new PayloadWriter().u32(spec.ids.start).u32(spec.ids.count)
  writer.bool(spec.workspace !== undefined)
  if (spec.workspace) writeOverlay(writer, spec.workspace)
  writer.list(spec.volumes ?? [], ({ name, sizeBytes }) => writeTmpfs(writer, name, sizeBytes))
  return writer.finish()
}

/** Payload of a start request. The specification must have been checked. */
export function encodeStart(
  stageId: number,
  spec: SandboxSpec,
  cgroups: readonly CgroupDirectory[],
): Buffer {
  const writer = new PayloadWriter().u32(stageId)
  writeOverlay(writer, spec.root)
  writer.string(spec.workspaceTarget ?? '')
  writer.list(spec.binds, (bind) =>
    writer
      .string(bind.source)
      .string(bind.target)
      .bool(bind.readOnly)
      .bool(bind.idMapped ?? false),
  )
  writer.list(spec.volumes ?? [], ({ name, target, readOnly }) =>
    writer.string(name).string(target).bool(readOnly),
  )
  writer.list(spec.tmpfs ?? [], ({ target, sizeBytes }) => writeTmpfs(writer, target, sizeBytes))
  writer.string(spec.outputFile ?? '')
  writeProgram(writer, spec)
  const network = typeof spec.network === 'object' ? spec.network.name : ''
  writer
    .bool(spec.network === 'none')
    .string(network)
    .string(spec.hostname)
  writer.list(spec.rlimits ?? [], (limit) => writeRlimit(writer, limit))
  writer.string(String(spec.shmBytes ?? DEFAULT_SHM_BYTES))
  writer.list(cgroups, (cgroup) => writeCgroup(writer, cgroup))
  writer.bool(spec.onUsage !== undefined)
  writer.list(spec.usageInterfaces ?? [], (name) => writer.string(name))
  return writer.finish()
}

/** Payload of a prepare request: `count` sandboxes are to be kept ready for such a start. */
export function encodePrepare(
  count: number,
  stageId: number,
  spec: SandboxSpec,
  cgroups: readonly CgroupDirectory[],
): Buffer {
  return Buffer.concat([encodeNumber(count), encodeStart(stageId, spec, cgroups)])
}

/** Payload of a keepLayers request. */
export function encodeLayers(layer: ImageLayer, count: number): Buffer {
  const writer = new PayloadWriter().u32(count)
  writeWritable(writer, layer)
  return writer.finish()
}

/** Payload of an exec request. The specification must have been checked. */
export function encodeExec(sandboxId: number, spec: ExecSpec): Buffer {
  const writer = new PayloadWriter().u32(sandboxId)
  writeProgram(writer, spec)
  return writer.finish()
}

/** Payload of a mountWorkspace request. The overlay must have been checked. */
export function encodeWorkspace(stageId: number, overlay: OverlaySpec): Buffer {
  const writer = new PayloadWriter().u32(stageId)
  writeOverlay(writer, overlay)
  return writer.finish()
}

/** Payload of an addNetwork request. The name must have been checked. */
export function encodeNetwork(stageId: number, name: string): Buffer {
  return new PayloadWriter().u32(stageId).string(name).finish()
}

/** Payload of a runTool request. The specification must have been checked. */
export function encodeTool(
  stageId: number,
  spec: ToolSpec,
  cgroups: readonly CgroupDirectory[],
): Buffer {
  const writer = new PayloadWriter().u32(stageId)
  writer.list(spec.argv, (argument) => writer.string(argument)).string(spec.input ?? '')
  writer.list(spec.networks, (name) => writer.string(name)).bool(spec.runsIn === 'network')
  writer.list(cgroups, (cgroup) => writeCgroup(writer, cgroup))
  return writer.finish()
}

/** A payload that is one number. */
export function encodeNumber(value: number): Buffer {
  return new PayloadWriter().u32(value).finish()
}

/** What a sandbox and an exec have alike. */
function writeProgram(writer: PayloadWriter, program: ExecSpec): void {
  writer.list(program.argv, (argument) => writer.string(argument))
  writer.list(Object.entries(program.env), ([name, value]) => writer.string(`${name}=${value}`))
  writer.string(program.cwd).bool(program.user !== undefined)
  if (!program.user) return
  writer.u32(program.user.uid).u32(program.user.gid)
  writer.list(program.user.groups ?? [], (group) => writer.u32(group))
}

/** Files are bounded too, because each takes kernel memory: one for every page, and some to begin with. */
function writeTmpfs(writer: PayloadWriter, name: string, sizeBytes: number): void {
  const files = FILES_MIN + Math.ceil(sizeBytes / PAGE_BYTES)
  writer.string(name).string(String(sizeBytes)).string(String(files))
}

function writeOverlay(writer: PayloadWriter, overlay: OverlaySpec): void {
  writer.list(overlay.lowers, (lower) => writer.string(lower.path).u32(lower.owner ?? 0))
  writeWritable(writer, overlay.writable)
}

const WRITABLE_KINDS = { directory: 1, memory: 2, image: 3 } as const
const MODE_DEFAULT = 0o755

function writeWritable(writer: PayloadWriter, layer: WritableLayer): void {
  writer.u8(WRITABLE_KINDS[layer.kind]).u32(layer.mode ?? MODE_DEFAULT)
  if (layer.kind === 'memory') writeTmpfs(writer, '', layer.sizeBytes)
  else
    writer
      .string(layer.kind === 'image' ? layer.directory : layer.path)
      .string('')
      .string('')
  writer.string(layer.kind === 'image' ? layer.pattern : '')
}

function writeRlimit(writer: PayloadWriter, limit: RlimitSpec): void {
  writer
    .u32(RLIMIT_NUMBERS[limit.name] ?? 0)
    .u64(toLimit(limit.soft))
    .u64(toLimit(limit.hard))
}

function toLimit(value: number): bigint {
  return value === Infinity ? UNLIMITED : BigInt(value)
}

function writeCgroup(writer: PayloadWriter, cgroup: CgroupDirectory): void {
  writer.string(cgroup.directory).bool(cgroup.unified)
  writer.list(cgroup.writes, (write) =>
    writer.string(write.file).string(write.value).bool(write.optional),
  )
  writer.list(cgroup.reads, (file) => writer.string(file))
  writer.list(cgroup.samples, ({ file, numbers }) => {
    writer.string(file).list(numbers, ({ key }) => writer.string(key))
  })
  writer.bool(cgroup.sumIo)
}
