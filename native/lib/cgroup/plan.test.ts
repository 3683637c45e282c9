import { describe, expect, it } from '@jest/globals'
import type { CgroupLayout } from './layout.js'
import { type CgroupDirectory, planCgroups } from './plan.js'

const V1: CgroupLayout = {
  mode: 'v1',
  hierarchies: [
    { version: 1, mountPoint: '/cg/cpu', controllers: ['cpu'] },
    { version: 1, mountPoint: '/cg/cpuacct', controllers: ['cpuacct'] },
    { version: 1, mountPoint: '/cg/memory', controllers: ['memory'] },
    { version: 1, mountPoint: '/cg/pids', controllers: ['pids'] },
  ],
}
const V2: CgroupLayout = {
  mode: 'v2',
  hierarchies: [{ version: 2, mountPoint: '/cg', controllers: ['memory', 'pids', 'cpu', 'io'] }],
}
const LIMITS = { memoryBytes: 1_000_000, cpus: 1.5, cpuWeight: 200, pids: 64 }

const writesOf = (directories: readonly CgroupDirectory[]): readonly string[] =>
  directories.flatMap(({ writes }) =>
    writes.map(({ file, value, optional }) => `${file}=${value}${optional ? '?' : ''}`),
  )

describe('planCgroups', () => {
  it('writes the limits of version 1, memory before memory and swap', () => {
    const plan = planCgroups(V1, 'p/r', LIMITS)
    expect(plan.map((directory) => directory.directory)).toEqual([
      '/cg/cpu/p/r',
      '/cg/cpuacct/p/r',
      '/cg/memory/p/r',
      '/cg/pids/p/r',
    ])
    expect(writesOf(plan)).toEqual([
      'cpu.shares=2048',
      'cpu.cfs_period_us=100000',
      'cpu.cfs_quota_us=150000',
      'memory.limit_in_bytes=1000000',
      'memory.memsw.limit_in_bytes=1000000?',
      'memory.kmem.tcp.limit_in_bytes=1000000?',
      'pids.max=64',
    ])
    expect(plan.every((directory) => !directory.unified)).toBe(true)
  })

  it('writes the limits of version 2', () => {
    const plan = planCgroups(V2, 'p/r', LIMITS)
    expect(plan).toHaveLength(1)
    expect(plan[0]).toMatchObject({ directory: '/cg/p/r', unified: true })
    expect(writesOf(plan)).toEqual([
      'memory.max=1000000',
      'memory.swap.max=0?',
      'memory.oom.group=1',
      'cpu.weight=200',
      'cpu.max=150000 100000',
      'pids.max=64',
    ])
  })

  it('turns a weight into shares, default for default and within what the kernel takes', () => {
    const shares = (cpuWeight: number) => writesOf(planCgroups(V1, 'p', { cpuWeight }))
    expect([1, 100, 10_000].flatMap(shares)).toEqual([
      'cpu.shares=10',
      'cpu.shares=1024',
      'cpu.shares=102400',
    ])
  })

  it('reads the same things while a sandbox runs, but version 1 has to add io up', () => {
    const samples = (layout: CgroupLayout) =>
      planCgroups(layout, 'p', LIMITS).flatMap(({ samples }) => samples.map(({ file }) => file))
    expect(samples(V1)).toEqual([
      'cpu.stat',
      'cpuacct.usage',
      'memory.usage_in_bytes',
      'memory.max_usage_in_bytes',
      'pids.current',
    ])
    expect(samples(V2)).toEqual([
      'memory.current',
      'memory.peak',
      'cpu.stat',
      'pids.current',
      'io.stat',
    ])
    const sums = [V1, V2].flatMap((layout) =>
      planCgroups(layout, 'p', LIMITS).filter((directory) => directory.sumIo),
    )
    expect(sums.map(({ directory }) => directory)).toEqual(['/cg/pids/p'])
  })

  it('writes nothing but measures when there are no limits', () => {
    for (const layout of [V1, V2]) {
      const plan = planCgroups(layout, 'p', {})
      expect(writesOf(plan)).toEqual([])
      expect(plan.flatMap((directory) => directory.reads)).toContain(
        layout === V1 ? 'memory.max_usage_in_bytes' : 'memory.peak',
      )
    }
  })

  it('gives each sandbox a cpu cgroup, without which it would be many in the share-out', () => {
    const plan = planCgroups(V1, 'p', { pids: 5 })
    expect(plan.map((directory) => directory.directory)).toContain('/cg/cpu/p')
  })

  it('takes from version 2 only what version 1 does not have, where controllers are in both', () => {
    const layout: CgroupLayout = {
      mode: 'hybrid',
      hierarchies: [
        { version: 1, mountPoint: '/cg/cpu', controllers: ['cpu'] },
        { version: 2, mountPoint: '/cg/unified', controllers: ['memory', 'pids'] },
      ],
    }
    const [v1, v2] = planCgroups(layout, 'p', LIMITS)
    expect(writesOf([v1!])).toContain('cpu.cfs_quota_us=150000')
    expect(writesOf([v2!])).toEqual([
      'memory.max=1000000',
      'memory.swap.max=0?',
      'memory.oom.group=1',
      'pids.max=64',
    ])
    expect([v1!.reads, v2!.reads].flat().filter((name) => name === 'cpu.stat')).toHaveLength(1)
  })

  it('reads no file of a controller that version 2 does not have', () => {
    const layout = {
      ...V2,
      hierarchies: [{ ...V2.hierarchies[0]!, controllers: ['cpu'] as const }],
    }
    const files = planCgroups(layout, 'p', {}).flatMap(({ reads, samples }) => [
      ...reads,
      ...samples.map(({ file }) => file),
    ])
    expect(files).not.toContain('io.stat')
  })

  it('asks for no smaller share of a processor than the kernel takes', () => {
    expect(writesOf(planCgroups(V2, 'p', { cpus: 0.001 }))).toContain('cpu.max=1000 100000')
  })

  it('plans nothing without hierarchies, and refuses limits that nothing would enforce', () => {
    const none: CgroupLayout = { mode: 'none', hierarchies: [] }
    expect(planCgroups(none, 'p', {})).toEqual([])
    for (const limits of [{ memoryBytes: 2 ** 20 }, { cpus: 1 }, { cpuWeight: 50 }, { pids: 5 }]) {
      expect(() => planCgroups(none, 'p', limits)).toThrow(/no (memory|cpu|pids) cgroup/)
    }
  })
})
