import type { SystemFailure } from '../error.js'
import type { LayerEnd, LayerUse } from '../types.js'
import { REPLY } from './frame.js'

/** How a sandbox ended, as the launcher tells it. */
export interface ExitReport {
  /** As waitpid(2) gives it, or null when the sandbox's init was killed and nobody could tell. */
  readonly waitStatus: number | null
  readonly wallNs: number
  /** CPU time of what was waited for inside, in microseconds; the cgroup knows better when it can tell. */
  readonly cpuUs: number
  /** Null for a writable layer that nothing bounds. */
  readonly layer: LayerEnd | null
  readonly workspaceLayer: LayerEnd | null
  /** What its processes made the disks read and write: getrusage(2) of what was waited for inside. */
  readonly readBytes: number
  readonly writtenBytes: number
  /** Contents of the cgroup files asked for, in order; '' for one that is not there. */
  readonly cgroupFiles: readonly string[]
  readonly network: NetworkBytes
  /** Its content, or why that could not be read; null when there was none. */
  readonly outputFile: Buffer | SystemFailure | null
}

/** What went through its interfaces since the program started; undefined where it can't be told or was not asked for. */
export interface NetworkBytes {
  readonly networkRxBytes: number | undefined
  readonly networkTxBytes: number | undefined
}

/** What a sandbox that runs has used, as the launcher tells it. */
export interface UsageReport {
  readonly id: number
  /** Since the program started. */
  readonly atNs: number
  /** What its processes made the disks read and write; 0 where the cgroup tells. */
  readonly readBytes: number
  readonly writtenBytes: number
  /** As at its end. */
  readonly layer: LayerUse | null
  readonly workspaceLayer: LayerUse | null
  readonly network: NetworkBytes
  /** The cgroup numbers asked for, in order; undefined for one that is not there. */
  readonly numbers: readonly (number | undefined)[]
}

export type LauncherReply =
  | { readonly kind: 'done'; readonly id: number }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: SystemFailure }
  | { readonly kind: 'started'; readonly id: number; readonly pid: number }
  /** Follows `exited`: its mounts are gone; `leftCgroup` is the name of cgroups that could not be removed. */
  | { readonly kind: 'cleaned'; readonly id: number; readonly leftCgroup: string | null }
  /** The program of an exec has ended; the status is as waitpid(2) gives it. */
  | { readonly kind: 'ended'; readonly id: number; readonly waitStatus: number }
  | { readonly kind: 'exited'; readonly id: number; readonly report: ExitReport }
  /** About several sandboxes at once. */
  | { readonly kind: 'usage'; readonly id: number; readonly reports: readonly UsageReport[] }

/**
 * Decodes a frame of the launcher.
 * @throws RangeError when it is cut off or of no known kind: launcher and addon are not of one build.
 */
export function decodeReply(frame: Buffer): LauncherReply {
  const reader = new ReplyReader(frame)
  const type = reader.u32()
  const id = reader.u32()
  switch (type) {
    case REPLY.done:
      return { kind: 'done', id }
    case REPLY.failed:
      return { kind: 'failed', id, failure: decodeFailure(reader) }
    case REPLY.started:
      return { kind: 'started', id, pid: reader.u32() }
    case REPLY.cleaned:
      return { kind: 'cleaned', id, leftCgroup: decodeLeft(reader) }
    case REPLY.ended:
      return { kind: 'ended', id, waitStatus: reader.u32() }
    case REPLY.exited:
      return { kind: 'exited', id, report: decodeExit(reader) }
    case REPLY.usage:
      return { kind: 'usage', id, reports: decodeUsage(reader) }
    default:
      throw new RangeError(`unknown reply ${type} of the launcher`)
  }
}

function decodeLeft(reader: ReplyReader): string | null {
  const isRemoved = reader.u32() === 1
  const name = reader.string()
  return isRemoved ? null : name
}

function decodeFailure(reader: ReplyReader): SystemFailure {
  const errno = reader.u32()
  const syscall = reader.string()
  return { errno, syscall, path: reader.string() }
}

function decodeExit(reader: ReplyReader): ExitReport {
  const known = reader.u32() === 1
  const waitStatus = reader.u32()
  const wallNs = reader.u64()
  const cpuUs = reader.u64()
  const usage = { wallNs, cpuUs, ...decodeIo(reader) }
  const layers = decodeLayerEnds(reader)
  const cgroupFiles = Array.from({ length: reader.u32() }, () => reader.string())
  const rest = { cgroupFiles, network: decodeNetwork(reader), outputFile: decodeOutput(reader) }
  return { waitStatus: known ? waitStatus : null, ...usage, ...layers, ...rest }
}

/** native/src/launcher/server_end.cc has the same. */
const OUTPUT = { none: 0, content: 1 } as const

function decodeOutput(reader: ReplyReader): ExitReport['outputFile'] {
  const kind = reader.u32()
  if (kind === OUTPUT.none) return null
  return kind === OUTPUT.content ? Buffer.from(reader.bytes()) : decodeFailure(reader)
}

function decodeUsage(reader: ReplyReader): readonly UsageReport[] {
  const reports: UsageReport[] = []
  while (!reader.atEnd) {
    // Properties are evaluated in the order of the record; written out, as it is done often.
    reports.push({
      id: reader.u32(),
      atNs: reader.u64(),
      readBytes: reader.u64(),
      writtenBytes: reader.u64(),
      layer: decodeLayer(reader),
      workspaceLayer: decodeLayer(reader),
      network: decodeNetwork(reader),
      numbers: decodeNumbers(reader),
    })
  }
  return reports
}

function decodeIo(reader: ReplyReader): Pick<ExitReport, 'readBytes' | 'writtenBytes'> {
  return { readBytes: reader.u64(), writtenBytes: reader.u64() }
}

function decodeNetwork(reader: ReplyReader): NetworkBytes {
  return { networkRxBytes: reader.knownU64(), networkTxBytes: reader.knownU64() }
}

function decodeNumbers(reader: ReplyReader): readonly (number | undefined)[] {
  const numbers: (number | undefined)[] = []
  for (let left = reader.u32(); left > 0; left--) numbers.push(reader.knownU64())
  return numbers
}

function decodeLayer(reader: ReplyReader): LayerUse | null {
  const bytes = reader.u64()
  const bytesMax = reader.u64()
  const files = reader.u64()
  const filesMax = reader.u64()
  return bytesMax === 0 ? null : { bytes, bytesMax, files, filesMax }
}

function decodeLayerEnds(reader: ReplyReader): Pick<ExitReport, 'layer' | 'workspaceLayer'> {
  const uses = [decodeLayer(reader), decodeLayer(reader)]
  const [layer = null, workspaceLayer = null] = uses.map((use): LayerEnd | null => {
    const hasLostWrites = reader.u32() === 1
    return use === null ? null : { ...use, hasLostWrites }
  })
  return { layer, workspaceLayer }
}

class ReplyReader {
  #at = 0

  constructor(private readonly frame: Buffer) {}

  get atEnd(): boolean {
    return this.#at >= this.frame.length
  }

  u32(): number {
    this.#at += 4
    return this.frame.readUInt32LE(this.#at - 4)
  }

  /** Beyond 2^53 it is near the number. */
  u64(): number {
    const low = this.u32()
    return this.u32() * 2 ** 32 + low
  }

  /** Undefined for what stands for a number that nothing tells: the largest. */
  knownU64(): number | undefined {
    const value = this.u64()
    return value === 2 ** 64 ? undefined : value
  }

  /** Part of the frame. */
  bytes(): Buffer {
    const size = this.u32()
    if (this.#at + size > this.frame.length)
      throw new RangeError('reply of the launcher is cut off')
    this.#at += size
    return this.frame.subarray(this.#at - size, this.#at)
  }

  string(): string {
    return this.bytes().toString()
  }
}
