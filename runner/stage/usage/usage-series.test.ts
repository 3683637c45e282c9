import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { fromUsageRow, USAGE_POINTS_MAX, type UsagePoint } from '../../../protocol/usage.js'
import { UsageSeries } from './usage-series.js'

const point = (atMs: number, more: Partial<UsagePoint> = {}): UsagePoint => ({
  ...{ atMs, cpuMs: atMs, throttledMs: null, memoryBytes: 1, pids: 1 },
  ...{ ioReadBytes: 0, ioWriteBytes: 0, networkRxBytes: null, networkTxBytes: null },
  ...{ diskBytes: null, ...more },
})

function seriesOf(points: readonly UsagePoint[]): readonly UsagePoint[] {
  const series = new UsageSeries()
  for (const one of points) series.add(one)
  return series.rows.map(fromUsageRow)
}

describe('UsageSeries', () => {
  it('has a point for each second, and those of the same second as one', () => {
    const points = seriesOf([
      point(300, { memoryBytes: 9, pids: 2 }),
      point(900, { memoryBytes: 5, pids: 7, diskBytes: 4 }),
      point(1300, { memoryBytes: null, pids: null }),
    ])
    expect(points).toEqual([
      point(900, { memoryBytes: 9, pids: 7, diskBytes: 4 }),
      point(1300, { memoryBytes: null, pids: null, diskBytes: 4 }),
    ])
  })

  it('merges neighbours as it grows, and keeps the most of each and the very last', () => {
    const seconds = Array.from({ length: 1000 }, (_, index) => point(index * 1000 + 250))
    seconds[500] = point(500_250, { memoryBytes: 77, pids: 66 })
    const points = seriesOf(seconds)
    expect(points.length).toBeLessThanOrEqual(USAGE_POINTS_MAX)
    expect(points.length).toBeGreaterThan(USAGE_POINTS_MAX / 2 - 1)
    expect(
      points.filter(({ memoryBytes, pids }) => memoryBytes === 77 && pids === 66),
    ).toHaveLength(1)
    expect(points.at(-1)).toEqual(point(999_250))
  })

  it('never lets a count go down', () => {
    const points = seriesOf([point(500, { ioReadBytes: 9 }), point(1500, { ioReadBytes: 4 })])
    expect(points.map(({ ioReadBytes }) => ioReadBytes)).toEqual([9, 9])
  })

  it('is bounded and in order whatever the times are', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(100_000), { maxLength: 500 }), (gaps) => {
        let atMs = 0
        const points = gaps.map((gap) => point((atMs += gap)))
        const kept = seriesOf(points)
        expect(kept.length).toBeLessThanOrEqual(USAGE_POINTS_MAX)
        expect(kept.length > 0).toBe(gaps.length > 0)
        const times = kept.map((one) => one.atMs)
        expect(times).toEqual([...new Set(times)].toSorted((a, b) => a - b))
        if (gaps.length > 0) expect(times.at(-1)).toBe(atMs)
      }),
    )
  })
})
