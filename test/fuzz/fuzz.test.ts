import { describe, expect, it } from '@jest/globals'
import { fuzz } from './fuzz.js'
import { type Target, TARGETS } from './targets.js'

/** Enough to see that the targets stand; `npm run fuzz` goes on for as long as it is let. */
const RUNS = 300

describe('the fuzzer', () => {
  it.each(TARGETS)('finds nothing in $name in a short run', (target) => {
    expect(fuzz(target, { seed: 1, goOn: (runs) => runs < RUNS })).toEqual({ runs: RUNS })
  })

  it('finds what is there to be found, and brings it down', () => {
    const broken: Target = {
      name: 'broken',
      material: () => ({ seeds: ['steps: [a, b]'], words: ['&x', '<<'], lengthMax: 1000 }),
      run: (text) => {
        if (text.includes('&x') && text.includes('<<')) throw new Error('both of them')
      },
    }
    const { finding } = fuzz(broken, { seed: 1, goOn: (runs) => runs < 10_000 })
    expect(finding?.error.message).toBe('both of them')
    expect(finding?.input).toHaveLength(4)
  })

  it('gives the same inputs for the same seed', () => {
    const inputsOf = (seed: number): string[] => {
      const inputs: string[] = []
      const onInput = (input: string): void => void inputs.push(input)
      fuzz(TARGETS[0]!, { seed, goOn: (runs) => runs < 20, onInput })
      return inputs
    }
    expect(inputsOf(7)).toEqual(inputsOf(7))
    expect(inputsOf(7)).not.toEqual(inputsOf(8))
  })
})
