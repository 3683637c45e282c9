import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { fromUsageRow } from '../../../protocol/usage.js'
import { makeJob, openTestHost, runJob, step, type TestHost } from '../../testing/stages.js'

let host: TestHost
beforeAll(async () => {
  host = await openTestHost()
})
afterAll(() => host.remove())

const MIB = 1024 * 1024

describe('the usage of a step', () => {
  it('is a series that ends with what it used in all', async () => {
    const commands = [
      'dd if=/dev/zero of=/data bs=1M count=8 oflag=direct',
      'timeout 3.5 sh -c "while :; do :; done" || true',
    ]
    const { sink } = await runJob(host, makeJob([step('a', commands)]))
    const { usage, series = [] } = sink.results.get('a')!
    const points = series.map(fromUsageRow)
    expect(points.length).toBeGreaterThanOrEqual(3)
    const cpu = points.map(({ cpuMs }) => cpuMs!)
    expect(cpu).toEqual(cpu.toSorted((a, b) => a - b))
    expect(cpu.at(-1)! - cpu[0]!).toBeGreaterThan(100)
    const { cpuMs, ioWriteBytes, networkRxBytes } = points.at(-1)!
    expect({ cpuMs, ioWriteBytes, networkRxBytes }).toEqual({
      cpuMs: Math.round(usage!.cpuMs),
      ioWriteBytes: usage!.ioWriteBytes,
      networkRxBytes: usage!.networkRxBytes,
    })
    expect(usage!.ioWriteBytes).toBeGreaterThanOrEqual(8 * MIB)
    expect(sink.sources.get('a')!.report).toEqual({ totals: usage, series })
  })

  it('is one point for a step that ends within a second, and none for one that did not run', async () => {
    const steps = [
      step('quick', ['true']),
      step('never', ['true'], { runOn: { success: false, failure: true } }),
    ]
    const { sink } = await runJob(host, makeJob(steps))
    expect(sink.results.get('quick')!.series).toHaveLength(1)
    expect(sink.results.get('quick')!.usage!.memoryPeakBytes).toBeGreaterThan(0)
    expect(sink.results.get('never')).toMatchObject({ status: 'skipped', usage: null })
    expect(sink.results.get('never')).not.toHaveProperty('series')
  })

  it('goes on over the tries of a step', async () => {
    const retry = { count: 1, backoffMs: 1100 }
    const { sink } = await runJob(host, makeJob([step('a', ['exit 3'], { retry })]))
    const points = sink.results.get('a')!.series!.map(fromUsageRow)
    expect(points).toHaveLength(2)
    expect(points[1]!.cpuMs!).toBeGreaterThanOrEqual(points[0]!.cpuMs!)
  })
})
