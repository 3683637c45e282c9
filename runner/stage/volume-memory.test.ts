import { describe, expect, it } from '@jest/globals'
import type { VolumePlan } from '../../pipelines/plan.js'
import { sizesInMemory } from './volume-memory.js'

const MIB = 1024 * 1024
const LIMITS = { memoryBytes: 64 * MIB, memoryBytesMax: 100 * MIB }

function sizes(...given: readonly (number | undefined)[]): readonly number[] {
  const volumes = given.map((sizeBytes, index): VolumePlan => ({
    ...{ kind: 'temp', name: String(index), medium: 'memory' },
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
  }))
  const disk: VolumePlan = { kind: 'temp', name: 'disk', medium: 'disk', sizeBytes: 900 * MIB }
  const found = sizesInMemory({ volumes: [disk, ...volumes] }, LIMITS)
  return given.map((_, index) => found.get(String(index))!)
}

describe('sizesInMemory', () => {
  it('are those that are given, and of the others a share of what is left', () => {
    expect(sizes()).toEqual([])
    expect(sizes(100 * MIB)).toEqual([100 * MIB])
    expect(sizes(undefined)).toEqual([64 * MIB])
    expect(sizes(undefined, 90 * MIB, undefined)).toEqual([5 * MIB, 90 * MIB, 5 * MIB])
    expect(sizes(0)).toEqual([4096])
  })

  it.each([
    [[101 * MIB], '101 MiB'],
    [[50 * MIB, 51 * MIB], '101 MiB'],
    [[100 * MIB, undefined], '101 MiB'],
    [[100 * 1024 * MIB], '100 GiB'],
    [new Array<undefined>(101).fill(undefined), '101 MiB'],
  ])('are refused when together they are more than a step may have', (given, asked) => {
    expect(() => sizes(...given)).toThrow(
      `the volumes in memory ask for ${asked}, and this runner gives them 100 MiB together`,
    )
  })
})
