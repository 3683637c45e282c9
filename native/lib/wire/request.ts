import type { CgroupDirectory } from '../cgroup/plan.js'
import { RLIMIT_NUMBERS } from '../rlimit-numbers.js'
import type { OverlaySpec, RlimitSpec, SandboxSpec, StageSpec } from '../types.js'
import { PayloadWriter } from './writer.js'

const DEFAULT_SHM_BYTES = 64 * 1024 * 1024
/** RLIM_INFINITY (getrlimit(2)). */
const UNLIMITED = 0xffffffffffffffffn

/** Payload of a createStage request. */
export function encodeStage(spec: StageSpec): Buffer {
  const writer = new PayloadWriter().u32(spec.ids.start).u32(spec.ids.count)
  writer.bool(spec.workspace !== undefined)
  if (spec.workspace) writeOverlay(writer, spec.workspace)
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
  writer.list(spec.argv, (argument) => writer.string(argument))
  writer.list(Object.entries(spec.env), ([name, value]) => writer.string(`${name}=${value}`))
  writer.string(spec.cwd).string(spec.hostname)
  writer.list(spec.rlimits ?? [], (limit) => writeRlimit(writer, limit))
  writer.string(String(spec.shmBytes ?? DEFAULT_SHM_BYTES))
  writer.list(cgroups, (cgroup) => writeCgroup(writer, cgroup))
  return writer.finish()
}

/** A payload that is one number. */
export function encodeNumber(value: number): Buffer {
  return new PayloadWriter().u32(value).finish()
}

function writeOverlay(writer: PayloadWriter, overlay: OverlaySpec): void {
  writer.list(overlay.lowers, (lower) => writer.string(lower.path).u32(lower.owner ?? 0))
  writer.string(overlay.upper).string(overlay.work)
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
}
