import { tmpdir } from 'node:os'
import { describe, expect, it } from '@jest/globals'
import { defaultReserve, diskFullError, hasRoom, readDiskSpace } from './free-space.js'

const GIB = 1024 ** 3

describe('the reserve of a disk', () => {
  it('is 1 GiB, and of a small disk 5 %', () => {
    expect(defaultReserve(4000 * GIB)).toBe(GIB)
    expect(defaultReserve(20 * GIB)).toBe(GIB)
    expect(defaultReserve(10 * GIB)).toBe(GIB / 2)
  })

  it('is what was configured, where that is', async () => {
    const { totalBytes, reserveBytes } = await readDiskSpace(tmpdir())
    expect(reserveBytes).toBe(defaultReserve(totalBytes))
    expect(await readDiskSpace(tmpdir(), 7)).toMatchObject({ reserveBytes: 7, totalBytes })
  })

  it('is touched by the byte below it, and never when it is 0', () => {
    const space = { directory: '/data', totalBytes: 10, reserveBytes: 5 }
    expect([5, 4].map((freeBytes) => hasRoom({ ...space, freeBytes }))).toEqual([true, false])
    expect(hasRoom({ ...space, freeBytes: 0, reserveBytes: 0 })).toBe(true)
  })

  it('is told with what, where, how much and what to do', () => {
    const space = { directory: '/data', totalBytes: 80 * GIB, reserveBytes: GIB }
    const error = diskFullError({ ...space, freeBytes: GIB / 2 })
    expect(error.code).toBe('SP_RUNNER_DISK_FULL')
    expect(error.message).toBe(
      'the runner’s disk is full: 512 MiB free of 80 GiB at /data, below the reserve of 1 GiB',
    )
    expect(error.hint).toMatch(/^Make room there, or set SANDPIPER_DISK_RESERVE to less/)
  })
})
