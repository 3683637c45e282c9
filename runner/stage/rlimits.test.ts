import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { makeJob, openTestHost, runJob, step, type TestHost } from '../testing/stages.js'

let host: TestHost

beforeAll(async () => {
  host = await openTestHost()
})

afterAll(() => host.remove())

/** Soft and hard limit of a row of /proc/PID/limits (proc_pid_limits(5)). */
function limitsOf(text: string, row: string): readonly number[] {
  const found = new RegExp(`^${row} +(\\S+) +(\\S+)`, 'm').exec(text)
  return (found?.slice(1) ?? []).map((value) => (value === 'unlimited' ? Infinity : Number(value)))
}

describe('the resource limits of a step', () => {
  it('are its own, cut to what the runner has', async () => {
    const { sink } = await runJob(
      host,
      makeJob([step('a', ['ulimit -n', 'cat /proc/self/limits'])]),
    )
    const own = await readFile('/proc/self/limits', 'utf8')
    const cut = (row: string, soft: number, hard: number): readonly number[] => {
      const most = Math.min(hard, limitsOf(own, row)[1]!)
      return [Math.min(soft, most), most]
    }
    const log = sink.log('a')
    expect(log).toContain('+ ulimit -n\n1024\n')
    expect(limitsOf(log, 'Max open files')).toEqual(cut('Max open files', 1024, 65_536))
    expect(limitsOf(log, 'Max core file size')).toEqual(cut('Max core file size', 1, 1))
    expect(limitsOf(log, 'Max locked memory')).toEqual(cut('Max locked memory', 2 ** 23, 2 ** 23))
    expect(limitsOf(log, 'Max msgqueue size')).toEqual(cut('Max msgqueue size', 819_200, 819_200))
  })

  it('let a crash leave no core, and change nothing else about it', async () => {
    const commands = [`sh -c 'kill -SEGV $$' || echo "code $?"`, 'ls -A', `kill -SEGV $$`]
    const { sink } = await runJob(host, makeJob([step('a', commands)]))
    expect(sink.log('a')).toMatch(/\ncode 139\n\+ ls -A\n\+ kill/)
    expect(sink.results.get('a')).toMatchObject({ status: 'failure', exitCode: 139 })
  })
})
