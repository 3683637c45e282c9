import { describe, expect, it } from '@jest/globals'
import { fromUsageRow, toUsageRow, USAGE_COLUMNS, type UsagePoint } from './usage.js'

describe('a row of usage', () => {
  it('is a point in whole numbers, with null for what is not known', () => {
    const values = USAGE_COLUMNS.map((column, index) => [column, index % 2 ? null : index] as const)
    const point = Object.fromEntries(values) as UsagePoint
    expect(fromUsageRow(toUsageRow(point))).toEqual(point)
    expect(toUsageRow({ ...point, cpuMs: 1.6 })[1]).toBe(2)
  })

  it('of an older runner may be shorter', () => {
    expect(fromUsageRow([5, 6])).toMatchObject({ atMs: 5, cpuMs: 6, diskBytes: null })
  })
})
