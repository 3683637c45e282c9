import { describe, expect, it } from '@jest/globals'
import type { CgroupDirectory } from './plan.js'
import { parseUsage } from './usage.js'

const reading = (...reads: readonly string[]): readonly CgroupDirectory[] => [
  { directory: '/x', unified: true, writes: [], reads },
]

describe('parseUsage', () => {
  it('reads the files of version 2', () => {
    const usage = parseUsage(reading('memory.peak', 'memory.events', 'cpu.stat', 'pids.events'), [
      '1048576\n',
      'low 0\nhigh 0\nmax 12\noom 1\noom_kill 3\noom_group_kill 1\n',
      'usage_usec 2500\nuser_usec 2000\nsystem_usec 500\n',
      'max 7\n',
    ])
    expect(usage).toEqual({ oomKills: 3, pidsRefused: 7, memoryPeakBytes: 1_048_576, cpuMs: 2.5 })
  })

  it('reads the files of version 1', () => {
    const usage = parseUsage(
      reading('memory.max_usage_in_bytes', 'memory.oom_control', 'cpuacct.usage', 'pids.events'),
      ['4096\n', 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n', '1500000\n', 'max 0\n'],
    )
    expect(usage).toEqual({ oomKills: 2, pidsRefused: 0, memoryPeakBytes: 4096, cpuMs: 1.5 })
  })

  it('gives zero for files that are not there, and no CPU time', () => {
    expect(parseUsage(reading('memory.peak', 'cpu.stat'), ['', ''])).toEqual({
      oomKills: 0,
      pidsRefused: 0,
      memoryPeakBytes: 0,
      cpuMs: undefined,
    })
    expect(parseUsage([], []).cpuMs).toBeUndefined()
  })

  it('does not take one key for another', () => {
    expect(parseUsage(reading('memory.events'), ['oom_killer 9\noom_kill x\n']).oomKills).toBe(0)
  })
})
