import { describe, expect, it } from '@jest/globals'
import type { SandboxExit } from '../../../native/lib/types.js'
import { fromUsageRow, type UsagePoint } from '../../../protocol/usage.js'
import { UsageRecord } from './usage-record.js'

const EXIT: SandboxExit = {
  ...{ code: 0, signal: null, oomKills: 0, pidsRefused: 0, layer: null, workspaceLayer: null },
  outputFile: null,
  ...{ cpuMs: 50, memoryPeakBytes: 900, wallMs: 400, pidsPeak: 4, ioReadBytes: 10 },
  ...{ ioWriteBytes: 20, networkRxBytes: 3, networkTxBytes: 4 },
}

const pointsOf = (record: UsageRecord): readonly UsagePoint[] =>
  (record.report?.series ?? []).map(fromUsageRow)

describe('UsageRecord', () => {
  it('knows nothing before the first sample', () => {
    const record = new UsageRecord()
    expect(record.report).toBeNull()
    record.beginTry()
    expect(record.report).toBeNull()
  })

  it('has one point with the peaks for a step that was over at once', () => {
    const record = new UsageRecord(() => 0)
    record.beginTry()
    const layer = { bytes: 7, bytesMax: 8, files: 1, filesMax: 2, hasLostWrites: false }
    record.endTry({ ...EXIT, layer })
    const totals = {
      ...{ cpuMs: 50, memoryPeakBytes: 900, wallMs: 400, pidsPeak: 4, diskBytes: 7 },
      ...{ ioReadBytes: 10, ioWriteBytes: 20, networkRxBytes: 3, networkTxBytes: 4 },
    }
    expect(record.report?.totals).toEqual(totals)
    expect(pointsOf(record)).toEqual([
      {
        ...{ atMs: 400, cpuMs: 50, throttledMs: null, memoryBytes: 900, pids: 4, diskBytes: 7 },
        ...{ ioReadBytes: 10, ioWriteBytes: 20, networkRxBytes: 3, networkTxBytes: 4 },
      },
    ])
  })

  it('tells of a step that runs what it has used so far', () => {
    const record = new UsageRecord(() => 0)
    record.beginTry()
    record.add({ atMs: 800, cpuMs: 20, memoryBytes: 500, memoryPeakBytes: 700, pids: 3 })
    expect(record.report?.totals).toEqual({
      ...{ cpuMs: 20, memoryPeakBytes: 700, wallMs: 800, pidsPeak: 3 },
    })
    record.endTry({ ...EXIT, wallMs: 1500 })
    expect(pointsOf(record).map(({ atMs, memoryBytes }) => [atMs, memoryBytes])).toEqual([
      [800, 500],
      [1500, null],
    ])
  })

  it('adds up the tries of a step: counts go on, peaks are the highest', () => {
    let now = 1000
    const record = new UsageRecord(() => now)
    record.beginTry()
    record.endTry(EXIT)
    now = 4000
    record.beginTry()
    record.add({ atMs: 100, cpuMs: 5, memoryBytes: 100, memoryPeakBytes: 100, ioWriteBytes: 1 })
    expect(record.report?.totals).toMatchObject({ cpuMs: 55, ioWriteBytes: 21, wallMs: 500 })
    record.endTry({ ...EXIT, cpuMs: 7, memoryPeakBytes: 100 })
    expect(record.report?.totals).toMatchObject({
      ...{ cpuMs: 57, memoryPeakBytes: 900, wallMs: 800, ioWriteBytes: 40 },
    })
    expect(pointsOf(record).map(({ atMs, cpuMs }) => [atMs, cpuMs])).toEqual([
      [400, 50],
      [3400, 57],
    ])
  })
})
