import { describe, expect, it } from '@jest/globals'
import { parseCgroupMounts, readCgroupLayout, toLayout } from './layout.js'
import { itLimited } from '../testing/this-host.js'

const V1 = `25 22 0:22 / /sys/fs/cgroup ro - tmpfs tmpfs ro
30 25 0:26 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct
31 25 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
32 25 0:28 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
33 25 0:29 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd`
const UNIFIED = '34 25 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw'
const V2 = '30 22 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate'

describe('toLayout', () => {
  it('finds version 1 hierarchies, also with several controllers, and skips useless ones', () => {
    const layout = toLayout(parseCgroupMounts(V1), [])
    expect(layout.mode).toBe('v1')
    expect(layout.hierarchies.map(({ version, controllers }) => [version, ...controllers])).toEqual(
      [
        [1, 'cpu', 'cpuacct'],
        [1, 'memory'],
        [1, 'pids'],
      ],
    )
    expect(layout.hierarchies[0]?.mountPoint).toBe('/sys/fs/cgroup/cpu,cpuacct')
  })

  it('calls it hybrid when version 2 is mounted beside it without controllers', () => {
    const layout = toLayout(parseCgroupMounts(`${V1}\n${UNIFIED}`), [''])
    expect(layout.mode).toBe('hybrid')
    expect(layout.hierarchies.every((hierarchy) => hierarchy.version === 1)).toBe(true)
  })

  it('takes a controller from version 2 when version 1 does not have it', () => {
    const without = V1.split('\n')
      .filter((line) => !line.includes('pids'))
      .join('\n')
    const layout = toLayout(parseCgroupMounts(`${without}\n${UNIFIED}`), ['pids', 'hugetlb'])
    expect(layout.mode).toBe('hybrid')
    expect(layout.hierarchies.at(-1)).toEqual({
      version: 2,
      mountPoint: '/sys/fs/cgroup/unified',
      controllers: ['pids'],
    })
  })

  it('finds pure version 2', () => {
    const layout = toLayout(parseCgroupMounts(V2), ['cpuset', 'cpu', 'io', 'memory', 'pids'])
    expect(layout).toEqual({
      mode: 'v2',
      hierarchies: [
        { version: 2, mountPoint: '/sys/fs/cgroup', controllers: ['memory', 'pids', 'cpu', 'io'] },
      ],
    })
  })

  it('says none when nothing is mounted or nothing is handed down', () => {
    expect(toLayout([], []).mode).toBe('none')
    expect(toLayout(parseCgroupMounts(V2), ['']).mode).toBe('none')
  })

  it('uses a hierarchy that is mounted twice once', () => {
    const again = '40 25 0:27 / /mnt/memory rw - cgroup cgroup rw,memory'
    const layout = toLayout(parseCgroupMounts(`${V1}\n${again}`), [])
    expect(layout.hierarchies.filter((h) => h.controllers.includes('memory'))).toHaveLength(1)
  })

  it('reads escaped mount points', () => {
    const odd = '31 25 0:27 / /sys/a\\040b\\134c rw - cgroup cgroup rw,memory'
    expect(parseCgroupMounts(odd)[0]?.mountPoint).toBe('/sys/a b\\c')
  })
})

describe('readCgroupLayout', () => {
  itLimited('finds memory and pids on this host', async () => {
    const { hierarchies } = await readCgroupLayout()
    const found = hierarchies.flatMap((hierarchy) => hierarchy.controllers)
    expect(found).toEqual(expect.arrayContaining(['memory', 'pids']))
  })
})
