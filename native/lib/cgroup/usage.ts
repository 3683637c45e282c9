import type { SandboxExit, UsageSample } from '../types.js'
import { type CgroupDirectory, IO_FILE } from './plan.js'

/** What a sandbox used, as far as its cgroups could tell at its end. */
export type CgroupUsage = Pick<
  SandboxExit,
  'oomKills' | 'pidsRefused' | 'pidsPeak' | 'memoryPeakBytes' | 'throttledMs' | 'throttledShare'
> &
  Pick<UsageSample, 'ioReadBytes' | 'ioWriteBytes'> & {
    /** Undefined when no controller counts it. */
    readonly cpuMs: number | undefined
  }

/** Usage from the contents of the files in `directories[].reads`, in order. */
export function parseUsage(
  directories: readonly CgroupDirectory[],
  contents: readonly string[],
): CgroupUsage {
  const file = fileReader(
    directories.flatMap((directory) => directory.reads),
    contents,
  )
  return {
    oomKills:
      keyed(file('memory.events'), 'oom_kill') ??
      keyed(file('memory.oom_control'), 'oom_kill') ??
      0,
    pidsRefused: keyed(file('pids.events'), 'max') ?? 0,
    pidsPeak: whole(file('pids.peak')),
    memoryPeakBytes: memoryPeak(file) ?? 0,
    cpuMs: cpuMs(file),
    throttledMs: throttledMs(file('cpu.stat')),
    throttledShare: throttledShare(file('cpu.stat')),
    ...ioBytes(file),
  }
}

/** A file's content by its name: '' for one that was empty or not there, null for one not asked for. */
type FileReader = (name: string) => string | null

function fileReader(names: readonly string[], contents: readonly string[]): FileReader {
  return (name) => {
    const index = names.indexOf(name)
    return index === -1 ? null : (contents[index] ?? '')
  }
}

function memoryPeak(file: FileReader): number | undefined {
  return whole(file('memory.peak')) ?? whole(file('memory.max_usage_in_bytes'))
}

function cpuMs(file: FileReader): number | undefined {
  const us = keyed(file('cpu.stat'), 'usage_usec')
  if (us !== undefined) return us / 1_000
  const ns = whole(file('cpuacct.usage'))
  return ns === undefined ? undefined : ns / 1_000_000
}

/** Microseconds in version 2, nanoseconds in version 1. */
function throttledMs(stat: string | null): number | undefined {
  const us = keyed(stat, 'throttled_usec')
  if (us !== undefined) return us / 1_000
  const ns = keyed(stat, 'throttled_time')
  return ns === undefined ? undefined : ns / 1_000_000
}

function throttledShare(stat: string | null): number | undefined {
  const [periods, throttled] = [keyed(stat, 'nr_periods'), keyed(stat, 'nr_throttled')]
  if (periods === undefined || throttled === undefined) return undefined
  return periods === 0 ? 0 : throttled / periods
}

/** Summed over devices, of lines like `8:0 rbytes=512 wbytes=0 rios=1 ...`. */
function ioBytes(file: FileReader): Pick<UsageSample, 'ioReadBytes' | 'ioWriteBytes'> {
  const stat = file(IO_FILE)
  if (stat === null) return { ioReadBytes: undefined, ioWriteBytes: undefined }
  return {
    ioReadBytes: sum(stat, /\brbytes=(\d+)/g),
    ioWriteBytes: sum(stat, /\bwbytes=(\d+)/g),
  }
}

function sum(text: string, pattern: RegExp): number {
  let total = 0
  for (const [, digits] of text.matchAll(pattern)) total += Number(digits)
  return total
}

/** The value after `key` in a file of `key value` lines. */
function keyed(text: string | null, key: string): number | undefined {
  const line = text?.split('\n').find((candidate) => candidate.startsWith(`${key} `))
  return line === undefined ? undefined : whole(line.slice(key.length))
}

function whole(text: string | null): number | undefined {
  return text !== null && /^\s*\d+\s*$/.test(text) ? Number(text) : undefined
}
