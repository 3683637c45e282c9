import { describe, expect, it } from '@jest/globals'
import type { ResourcesPlan } from '../../pipelines/plan.js'
import { DEFAULT_LIMITS, limitsOf } from '../config.js'
import { limitsOfStep } from './step-limits.js'

const MIB = 1024 * 1024
const own = { ...DEFAULT_LIMITS, cpus: 2, outputBytes: MIB, openFiles: 512, diskBytes: 100 * MIB }

describe('limitsOfStep', () => {
  it('are the runner’s where the step asks for nothing', () => {
    expect(limitsOfStep({}, own)).toEqual(own)
  })

  it('are what the step asks for', () => {
    const resources: Required<ResourcesPlan> = {
      ...{ cpus: 0.5, cpuWeight: 50, memoryBytes: MIB, pids: 7 },
      ...{ diskBytes: MIB, openFiles: 64, outputBytes: 1024 },
    }
    expect(limitsOfStep({ resources, timeoutMs: 5 }, own)).toEqual({
      ...{ ...own, ...resources },
      ...{ watchDisk: true, stepTimeoutMs: 5 },
    })
  })

  it.each<[keyof ResourcesPlan, number, number, string, string]>([
    ['cpus', 2, 2.5, '2.5 CPUs, and this runner gives a step 2 at most', 'CPUS'],
    ['cpuWeight', 100, 101, 'a CPU weight of 101, and this runner gives a step 100', 'CPU_WEIGHT'],
    ['memoryBytes', 2048 * MIB, 3072 * MIB, '3 GiB of memory, and this runner', 'MEMORY'],
    ['pids', 1024, 1025, '1025 processes, and this runner gives a step 1024', 'PIDS'],
    ['diskBytes', 100 * MIB, 101 * MIB, '101 MiB of disk, and this runner', 'DISK'],
    ['openFiles', 512, 513, '513 open files, and this runner gives a step 512', 'OPEN_FILES'],
    ['outputBytes', MIB, 2 * MIB, '2 MiB of output, and this runner', 'OUTPUT'],
  ])(
    'refuse more of %s than the runner gives, up to its maximum',
    (key, most, more, text, name) => {
      const ask =
        (value: number, limits = own) =>
        () =>
          limitsOfStep({ resources: { [key]: value } }, limits)
      expect(ask(most)()).toMatchObject({ [key]: most })
      expect(ask(more)).toThrow(`the step asks for ${text}`)
      try {
        ask(more)()
      } catch (error) {
        const hint = `Ask for less, or set SANDPIPER_STEP_${name}_MAX on the runner to more`
        expect(error).toMatchObject({ code: 'SP_RUNNER_LIMIT', hint })
      }
      expect(ask(more, { ...own, [`${key}Max`]: more })()).toMatchObject({ [key]: more })
    },
  )

  it('refuse more time than the runner gives; without a word it is the default, or the most', () => {
    const limited = { ...own, stepTimeoutMs: 1000 }
    expect(() => limitsOfStep({ timeoutMs: 1001 }, limited)).toThrow(
      'the step asks for a time of 1001ms, and this runner gives a step 1s at most',
    )
    expect(limitsOfStep({}, limited).stepTimeoutMs).toBe(1000)
    const wide = { ...limited, stepTimeoutMsMax: 5000 }
    expect(limitsOfStep({ timeoutMs: 5000 }, wide).stepTimeoutMs).toBe(5000)
    expect(limitsOfStep({}, wide).stepTimeoutMs).toBe(1000)
    expect(limitsOfStep({}, { ...own, stepTimeoutMsMax: 5000 }).stepTimeoutMs).toBe(5000)
    expect(limitsOfStep({ timeoutMs: 99 }, own).stepTimeoutMs).toBe(99)
  })

  it('refuse more open files than the runner itself may have', () => {
    const wide = { ...own, openFilesMax: 2 ** 30 }
    expect(() => limitsOfStep({ resources: { openFiles: 2 ** 30 } }, wide)).toThrow(
      /^the step asks for 1073741824 open files, and the runner itself may have \d+ at most$/,
    )
  })

  it('refuse what no controller here can keep', () => {
    const unkept = { ...own, unkept: ['cpu', 'memory', 'pids'] as const }
    for (const resources of [{ cpus: 1 }, { cpuWeight: 50 }, { memoryBytes: MIB }, { pids: 5 }]) {
      expect(() => limitsOfStep({ resources }, unkept)).toThrow('nothing here can keep it')
    }
    expect(limitsOfStep({ resources: { openFiles: 64 } }, unkept)).toMatchObject({ openFiles: 64 })
  })
})

describe('limitsOf', () => {
  it('watches the disk where it was configured and nothing bounds it', () => {
    expect(limitsOf({})).not.toHaveProperty('watchDisk')
    expect(limitsOf({ limits: { diskBytes: MIB } })).toMatchObject({
      watchDisk: true,
    })
  })
})
