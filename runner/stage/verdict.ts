import type { SandboxExit } from '../../native/lib/types.js'
import type { Status } from '../../protocol/status.js'
import type { StepLimits } from '../config.js'
import { formatBytes, formatDuration, formatElapsed } from './format.js'

/** Exit code by which a step ends its stage early, as a success (Drone's meaning). */
export const EXIT_EARLY = 78

/** Why the runner ended a step. */
export type StopReason =
  | { readonly kind: 'cancelled'; readonly reason: string }
  /** `ofStep`: the step's own limit, not the stage's. */
  | { readonly kind: 'time'; readonly limitMs: number; readonly ofStep?: true }
  /** What the step wrote to its writable layer, or to a volume with a size. */
  | {
      readonly kind: 'disk'
      readonly what: string
      readonly limitBytes: number
      /** Null: it can't be measured. */
      readonly usedBytes: number | null
    }
  /** A detached step that is not what its health check asks for. */
  | { readonly kind: 'not-ready'; readonly reason: string }
  | { readonly kind: 'output'; readonly limit: string }
  /** The runner's disk is full, and it takes most of it. */
  | { readonly kind: 'evicted'; readonly reason: string }
  /** Another step with `failure: fast` failed. */
  | { readonly kind: 'fast'; readonly step: string }
  /** A detached step whose stage has ended. */
  | { readonly kind: 'stage-ended' }
  /** The runner itself can't go on with it. */
  | { readonly kind: 'error'; readonly reason: string }

export interface Verdict {
  readonly status: Status
  readonly exitCode: number
  /** In words for people; empty on success. */
  readonly error: string
  /** Limits that the step met and that `error` does not name, in words. Absent when there are none. */
  readonly warnings?: readonly string[]
}

/** What became of a step, from how its sandbox ended and what the runner did to it. */
export function verdictOf(exit: SandboxExit, stop: StopReason | null, limits: StepLimits): Verdict {
  const exitCode = exitCodeOf(exit)
  const lost = lostWrites(exit)
  if (lost !== null && (stop === null || stop.kind === 'stage-ended')) {
    // Who looks at the exit code alone must see no success either.
    return { status: 'error', exitCode: exitCode || 1, error: lost, ...limitWarnings(exit, limits) }
  }
  if (stop) return { ...stopVerdict(stop, exitCode), ...limitWarnings(exit, limits) }
  if (exitCode === 0 || exitCode === EXIT_EARLY) {
    return { status: 'success', exitCode, error: '', ...limitWarnings(exit, limits) }
  }
  if (exit.oomKills > 0) {
    const peak = formatBytes(exit.memoryPeakBytes)
    const error = `killed: memory limit ${formatBytes(limits.memoryBytes)}, peak ${peak}`
    const rest = limitWarnings({ ...exit, oomKills: 0 }, limits)
    return { status: 'killed', exitCode, error, ...rest }
  }
  const full = fullLayer(exit)
  const failed = `failed: ${exit.signal === null ? 'exit code' : 'signal'} ${exit.signal ?? exitCode}`
  if (exit.pidsRefused > 0) {
    const error = `${failed}; ${pidsLimit(exit, limits)} was reached`
    const rest = limitWarnings({ ...exit, pidsRefused: 0 }, limits)
    return { status: 'failure', exitCode, error, ...rest }
  }
  const error = full === null ? failed : `${failed}; ${full} was reached`
  return { status: 'failure', exitCode, error, ...limitWarnings(exit, limits, full) }
}

/** In words, that a result can't be trusted: what the step read may not be what was written. */
function lostWrites({ layer, workspaceLayer }: SandboxExit): string | null {
  const places = [
    ...(layer?.hasLostWrites === true ? ['writable layer'] : []),
    ...(workspaceLayer?.hasLostWrites === true ? ['workspace'] : []),
  ]
  if (places.length === 0) return null
  return `the runner’s disk was full: some of what was written to the ${places.join(' and the ')} is lost`
}

/** Less than this left of a layer is none: a file system refuses writes before its last block. */
const FULL_SHARE = 0.05
const FULL_BYTES_MAX = 2 * 1024 ** 2
const FULL_FILES = 4

/** The limit that writes were refused at, in words: a bounded layer that is full says so itself (ENOSPC). */
function fullLayer({ layer, workspaceLayer }: SandboxExit): string | null {
  for (const [what, use] of [
    ['disk', layer],
    ['workspace', workspaceLayer],
  ] as const) {
    if (use === null) continue
    if (use.bytesMax - use.bytes < Math.min(FULL_BYTES_MAX, use.bytesMax * FULL_SHARE)) {
      return `the ${what} limit of ${formatBytes(use.bytesMax)} (used ${formatBytes(use.bytes)})`
    }
    if (use.filesMax - use.files < FULL_FILES) {
      return `the ${what} limit of ${use.filesMax} files`
    }
  }
  return null
}

function pidsLimit({ pidsPeak }: SandboxExit, { pids }: StepLimits): string {
  return `the pids limit of ${pids}${pidsPeak === undefined ? '' : ` (peak ${pidsPeak})`}`
}

/** Being held back less than this is none: a quota always cuts off some burst. */
const HELD_BACK_SHARE_MIN = 0.1
const HELD_BACK_MS_MIN = 1000

/** In words, that a step was slow because of its CPU limit; null when it was not. */
function heldBack({ throttledMs = 0, throttledShare = 0 }: SandboxExit, { cpus }: StepLimits) {
  if (cpus === undefined || throttledShare < HELD_BACK_SHARE_MIN) return null
  if (throttledMs < HELD_BACK_MS_MIN) return null
  const share = `${Math.round(throttledShare * 100)} % of the time it wanted to run`
  return `the CPU limit of ${cpus} held it back in ${share} (${formatElapsed(throttledMs)} in all)`
}

/** A step that went on after a child of its met a limit may be a success; its log has to tell all the same. */
function limitWarnings(
  exit: SandboxExit,
  limits: StepLimits,
  /** What is told already. */
  told: string | null = null,
): Pick<Verdict, 'warnings'> {
  const warnings: string[] = []
  const full = fullLayer(exit)
  const slow = heldBack(exit, limits)
  if (exit.oomKills > 0) {
    const [limit, peak] = [limits.memoryBytes, exit.memoryPeakBytes].map(formatBytes)
    warnings.push(`a process was killed at the memory limit of ${limit} (peak ${peak})`)
  }
  if (exit.pidsRefused > 0) {
    warnings.push(`a process could not be started: ${pidsLimit(exit, limits)} was reached`)
  }
  if (full !== null && full !== told)
    warnings.push(`a write may have been refused: ${full} was reached`)
  if (slow !== null) warnings.push(slow)
  return warnings.length === 0 ? {} : { warnings }
}

/** In words, why the runner ended something. */
export function describeStop(stop: StopReason): string {
  switch (stop.kind) {
    case 'cancelled':
      return stop.reason === '' ? 'cancelled' : `cancelled: ${stop.reason}`
    case 'time':
      return `killed: time limit ${formatDuration(stop.limitMs)}`
    case 'disk':
      return `killed: ${stop.what} limit ${formatBytes(stop.limitBytes)}, ${describeUse(stop.usedBytes)}`
    case 'not-ready':
    case 'evicted':
      return stop.reason
    case 'output':
      return `killed: output limit ${stop.limit}`
    case 'fast':
      return `killed: step ${stop.step} failed (failure: fast)`
    case 'stage-ended':
      return 'ended with the stage'
    case 'error':
      return stop.reason
  }
}

function describeUse(usedBytes: number | null): string {
  return usedBytes === null ? 'what it uses can’t be measured' : `used ${formatBytes(usedBytes)}`
}

const STATUS: Readonly<Partial<Record<StopReason['kind'], Status>>> = {
  error: 'error',
  evicted: 'error',
  'not-ready': 'failure',
}

/** What a step is that the runner ended, or never got to start. */
export function stopVerdict(stop: StopReason, exitCode: number): Verdict {
  if (stop.kind === 'stage-ended') return { status: 'success', exitCode: 0, error: '' }
  return { status: STATUS[stop.kind] ?? 'killed', exitCode, error: describeStop(stop) }
}

function exitCodeOf(exit: SandboxExit): number {
  return exit.signal === null ? (exit.code ?? 0) : 128 + exit.signal
}
