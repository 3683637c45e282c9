import { describe, expect, it } from '@jest/globals'
import type { CgroupDirectory } from './plan.js'
import { parseUsage } from './usage.js'

/** Files with their contents, as they are asked for and come back. */
function reading(files: Readonly<Record<string, string>>): [CgroupDirectory[], string[]] {
  const names = Object.keys(files)
  const lists = { writes: [], reads: names, samples: [] }
  const directory = { directory: '/x', unified: true, ...lists, sumIo: false }
  return [[directory], Object.values(files)]
}

const V2_STAT = `usage_usec 2500
user_usec 2000
system_usec 500
core_sched.force_idle_usec 0
nr_periods 20
nr_throttled 5
throttled_usec 1500
nr_bursts 0
burst_usec 0
`
const V2_IO = `254:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0
254:16 rbytes=1 wbytes=2 rios=1 wios=1 dbytes=7 dios=1
`
const V1_STAT = `nr_periods 4
nr_throttled 3
throttled_time 2500000
nr_bursts 0
burst_time 0
`
const NO_IO = { ioReadBytes: undefined, ioWriteBytes: undefined }
const IO = { ioReadBytes: 4097, ioWriteBytes: 8194 }

describe('parseUsage', () => {
  it('reads the files of version 2', () => {
    const usage = parseUsage(
      ...reading({
        'memory.peak': '1048576\n',
        'memory.events': 'low 0\nhigh 0\nmax 12\noom 1\noom_kill 3\noom_group_kill 1\n',
        'cpu.stat': V2_STAT,
        'pids.events': 'max 7\n',
        'pids.peak': '12\n',
        'io.stat': V2_IO,
      }),
    )
    expect(usage).toEqual({
      ...{ oomKills: 3, pidsRefused: 7, pidsPeak: 12, memoryPeakBytes: 1_048_576 },
      ...{ cpuMs: 2.5, throttledMs: 1.5, throttledShare: 0.25, ...IO },
    })
  })

  it('reads the files of version 1', () => {
    const usage = parseUsage(
      ...reading({
        'memory.max_usage_in_bytes': '4096\n',
        'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n',
        'cpuacct.usage': '1500000\n',
        'cpu.stat': V1_STAT,
        'pids.events': 'max 0\n',
      }),
    )
    expect(usage).toEqual({
      ...{ oomKills: 2, pidsRefused: 0, pidsPeak: undefined, memoryPeakBytes: 4096 },
      ...{ cpuMs: 1.5, throttledMs: 2.5, throttledShare: 0.75, ...NO_IO },
    })
  })

  it('gives zero for limits that nothing tells of, and nothing for counts', () => {
    const nothing = {
      ...{ oomKills: 0, pidsRefused: 0, pidsPeak: undefined, memoryPeakBytes: 0 },
      ...{ cpuMs: undefined, throttledMs: undefined, throttledShare: undefined },
      ...{ ioReadBytes: undefined, ioWriteBytes: undefined },
    }
    expect(parseUsage(...reading({ 'memory.peak': '', 'cpu.stat': '' }))).toEqual(nothing)
    expect(parseUsage([], [])).toEqual(nothing)
  })

  it('does not take one key for another', () => {
    const events = reading({ 'memory.events': 'oom_killer 9\noom_kill x\n' })
    expect(parseUsage(...events).oomKills).toBe(0)
  })

  it('takes an empty io.stat for no bytes: the kernel lists no device before the first one', () => {
    expect(parseUsage(...reading({ 'io.stat': '' }))).toMatchObject({ ioReadBytes: 0 })
    expect(parseUsage(...reading({}))).toMatchObject({ ioReadBytes: undefined })
  })

  it('has no throttled share before the first period', () => {
    const stat = reading({ 'cpu.stat': 'nr_periods 0\nnr_throttled 0\nthrottled_time 0\n' })
    expect(parseUsage(...stat)).toMatchObject({ throttledShare: 0, throttledMs: 0 })
  })
})
