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
  hierarchies: [{ version: 2, mountPoint: '/cg', controllers: ['memory', 'pids', 'cpu'] }],
}
const LIMITS = { memoryBytes: 1_000_000, cpus: 1.5, pids: 64 }

const writesOf = (directories: readonly CgroupDirectory[]): readonly string[] =>
  directories.flatMap(({ writes }) =>
    writes.map(({ file, value, optional }) => `${file}=${value}${optional ? '?' : ''}`),
  )

describe('planCgroups', () => {
  it('writes the limits of version 1, memory before memory and swap', () => {
    const plan = planCgroups(V1, 'p/r', 'step', LIMITS)
    expect(plan.map((directory) => directory.directory)).toEqual([
      '/cg/cpu/p/r/step',
      '/cg/cpuacct/p/r/step',
      '/cg/memory/p/r/step',
      '/cg/pids/p/r/step',
    ])
    expect(writesOf(plan)).toEqual([
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
    const plan = planCgroups(V2, 'p/r', 'step', LIMITS)
    expect(plan).toHaveLength(1)
    expect(plan[0]).toMatchObject({ directory: '/cg/p/r/step', unified: true })
    expect(writesOf(plan)).toEqual([
      'memory.max=1000000',
      'memory.swap.max=0?',
      'memory.oom.group=1',
      'cpu.max=150000 100000',
      'pids.max=64',
    ])
  })

  it('writes nothing but measures when there are no limits', () => {
    for (const layout of [V1, V2]) {
      const plan = planCgroups(layout, 'p', 's', {})
      expect(writesOf(plan)).toEqual([])
      expect(plan.flatMap((directory) => directory.reads)).toContain(
        layout === V1 ? 'memory.max_usage_in_bytes' : 'memory.peak',
      )
    }
  })

  it('makes no directory where there is nothing to limit and to measure', () => {
    const plan = planCgroups(V1, 'p', 's', { pids: 5 })
    expect(plan.map((directory) => directory.directory)).not.toContain('/cg/cpu/p/s')
  })

  it('asks for no smaller share of a processor than the kernel takes', () => {
    expect(writesOf(planCgroups(V2, 'p', 's', { cpus: 0.001 }))).toContain('cpu.max=1000 100000')
  })

  it('plans nothing without hierarchies, and refuses limits that nothing would enforce', () => {
    const none: CgroupLayout = { mode: 'none', hierarchies: [] }
    expect(planCgroups(none, 'p', 's', {})).toEqual([])
    for (const limits of [{ memoryBytes: 2 ** 20 }, { cpus: 1 }, { pids: 5 }]) {
      expect(() => planCgroups(none, 'p', 's', limits)).toThrow(/no (memory|cpu|pids) cgroup/)
    }
  })
})
