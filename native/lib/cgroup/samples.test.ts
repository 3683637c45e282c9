import { describe, expect, it } from '@jest/globals'
import { SAMPLES, toSample } from './samples.js'

const { memoryV1, memoryV2, cpuV1, cpuV2, cpuacct, pids, io } = SAMPLES
const NOTHING = {
  ...{ cpuMs: undefined, throttledMs: undefined, memoryBytes: undefined },
  ...{ memoryPeakBytes: undefined, pids: undefined },
  ...{ ioReadBytes: undefined, ioWriteBytes: undefined },
}

describe('toSample', () => {
  it('takes the numbers of version 2 for what they are, in the units of a sample', () => {
    const directories = [{ samples: [...memoryV2, ...cpuV2, ...pids, ...io] }]
    expect(toSample(directories, [500, 900, 2500, 1500, 3, 4097, 8194])).toEqual({
      ...{ cpuMs: 2.5, throttledMs: 1.5, memoryBytes: 500, memoryPeakBytes: 900, pids: 3 },
      ...{ ioReadBytes: 4097, ioWriteBytes: 8194 },
    })
  })

  it('takes those of version 1, which are in several directories', () => {
    const directories = [cpuV1, cpuacct, memoryV1, pids].map((samples) => ({ samples }))
    expect(toSample(directories, [2_500_000, 1_500_000, 500, 900, 3])).toEqual({
      ...NOTHING,
      ...{ cpuMs: 1.5, throttledMs: 2.5, memoryBytes: 500, memoryPeakBytes: 900, pids: 3 },
    })
  })

  it('leaves out what no file tells, without taking one number for another', () => {
    const directories = [{ samples: memoryV2 }, { samples: pids }]
    expect(toSample(directories, [500, undefined, 3])).toEqual({
      ...NOTHING,
      ...{ memoryBytes: 500, pids: 3 },
    })
    expect(toSample([], [])).toEqual(NOTHING)
  })
})
