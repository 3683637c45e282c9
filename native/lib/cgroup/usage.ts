import type { SandboxExit } from '../types.js'
import type { CgroupDirectory } from './plan.js'

/** What a sandbox used, as far as its cgroups could tell. */
export type CgroupUsage = Pick<SandboxExit, 'oomKills' | 'pidsRefused' | 'memoryPeakBytes'> & {
  /** Undefined when no controller counts it. */
  readonly cpuMs: number | undefined
}

/** Usage from the contents of the files in `directories[].reads`, in order. */
export function parseUsage(
  directories: readonly CgroupDirectory[],
  contents: readonly string[],
): CgroupUsage {
  const names = directories.flatMap((directory) => directory.reads)
  const files = new Map(names.map((name, index) => [name, contents[index] ?? '']))
  const file = (name: string): string => files.get(name) ?? ''
  return {
    oomKills:
      keyed(file('memory.events'), 'oom_kill') ??
      keyed(file('memory.oom_control'), 'oom_kill') ??
      0,
    pidsRefused: keyed(file('pids.events'), 'max') ?? 0,
    memoryPeakBytes: whole(file('memory.peak')) ?? whole(file('memory.max_usage_in_bytes')) ?? 0,
    cpuMs: cpuMs(file('cpu.stat'), file('cpuacct.usage')),
  }
}

function cpuMs(statV2: string, usageV1: string): number | undefined {
  const us = keyed(statV2, 'usage_usec')
  if (us !== undefined) return us / 1_000
  const ns = whole(usageV1)
  return ns === undefined ? undefined : ns / 1_000_000
}

/** The value after `key` in a file of `key value` lines. */
function keyed(text: string, key: string): number | undefined {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${key} `))
  return line === undefined ? undefined : whole(line.slice(key.length))
}

function whole(text: string): number | undefined {
  return /^\s*\d+\s*$/.test(text) ? Number(text) : undefined
}
