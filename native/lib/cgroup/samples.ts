import type { UsageSample } from '../types.js'

/** What its cgroups tell of a sandbox that runs. */
export type CgroupSample = Pick<
  UsageSample,
  | 'cpuMs'
  | 'throttledMs'
  | 'memoryBytes'
  | 'memoryPeakBytes'
  | 'pids'
  | 'ioReadBytes'
  | 'ioWriteBytes'
>

/** A file that is read while a sandbox runs, and what is taken from it. */
export interface SampleFile {
  readonly file: string
  readonly numbers: readonly SampleNumber[]
}

export interface SampleNumber {
  /** What the number follows, at the beginning of a word; '' for a file that is one number. */
  readonly key: string
  readonly is: keyof CgroupSample
  /** How many of its units are one of the sample's. */
  readonly per: number
}

const US_PER_MS = 1_000
const NS_PER_MS = 1_000_000

/** By controller and version: files of cgroup-v1/memory.rst, cgroup-v1/cpuacct.rst and cgroup-v2.rst. */
export const SAMPLES = {
  memoryV1: [
    whole('memory.usage_in_bytes', 'memoryBytes'),
    whole('memory.max_usage_in_bytes', 'memoryPeakBytes'),
  ],
  memoryV2: [whole('memory.current', 'memoryBytes'), whole('memory.peak', 'memoryPeakBytes')],
  cpuV1: [
    { file: 'cpu.stat', numbers: [{ key: 'throttled_time ', is: 'throttledMs', per: NS_PER_MS }] },
  ],
  cpuacct: [whole('cpuacct.usage', 'cpuMs', NS_PER_MS)],
  cpuV2: [
    {
      file: 'cpu.stat',
      numbers: [
        { key: 'usage_usec ', is: 'cpuMs', per: US_PER_MS },
        { key: 'throttled_usec ', is: 'throttledMs', per: US_PER_MS },
      ],
    },
  ],
  pids: [whole('pids.current', 'pids')],
  /** A line for each device. */
  io: [
    {
      file: 'io.stat',
      numbers: [
        { key: 'rbytes=', is: 'ioReadBytes', per: 1 },
        { key: 'wbytes=', is: 'ioWriteBytes', per: 1 },
      ],
    },
  ],
} as const satisfies Readonly<Record<string, readonly SampleFile[]>>

function whole<K extends keyof CgroupSample>(file: string, is: K, per = 1) {
  return { file, numbers: [{ key: '', is, per }] } as const
}

/** Usage so far from the numbers of `directories[].samples`, in order; undefined for one that is not there. */
export function toSample(
  directories: readonly { readonly samples: readonly SampleFile[] }[],
  numbers: readonly (number | undefined)[],
): CgroupSample {
  // All of them from the start on, so that every sample is of one shape to V8.
  const sample: { -readonly [K in keyof CgroupSample]: CgroupSample[K] } = {
    cpuMs: undefined,
    throttledMs: undefined,
    memoryBytes: undefined,
    memoryPeakBytes: undefined,
    pids: undefined,
    ioReadBytes: undefined,
    ioWriteBytes: undefined,
  }
  let at = 0
  for (const { samples } of directories) {
    for (const file of samples) {
      for (const { is, per } of file.numbers) {
        const value = numbers[at++]
        if (value !== undefined) sample[is] = value / per
      }
    }
  }
  return sample
}
