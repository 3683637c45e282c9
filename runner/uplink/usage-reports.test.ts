import { describe, expect, it } from '@jest/globals'
import type { UsageReport } from '../../protocol/usage.js'
import { UsageReports } from './usage-reports.js'

const ref = { stageId: 1, attempt: 1, step: 2 }
const reportAt = (wallMs: number): UsageReport => ({
  totals: { cpuMs: 1, memoryPeakBytes: 2, wallMs },
  series: [[wallMs]],
})

describe('UsageReports', () => {
  it('tells what has grown since, of the steps that run', () => {
    const source: { report: UsageReport | null } = { report: null }
    const reports = new UsageReports()
    reports.open(ref, source)
    expect(reports.take()).toEqual({})
    source.report = reportAt(10)
    expect(reports.take()).toEqual({ usage: [{ ...ref, ...reportAt(10) }] })
    expect(reports.take()).toEqual({})
    source.report = reportAt(20)
    reports.open({ ...ref, step: 3 }, { report: reportAt(5) })
    expect(reports.take().usage).toHaveLength(2)
    source.report = reportAt(30)
    reports.close(ref)
    expect(reports.take()).toEqual({})
  })
})
