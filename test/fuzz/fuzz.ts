import { type Material, mutant } from './mutate.js'
import { createRandom } from './random.js'
import type { Target } from './targets.js'

/** An input that broke a promise. */
export interface Finding {
  readonly input: string
  readonly error: Error
}

export interface FuzzOptions {
  readonly seed: number
  /** Asked before each input; false ends the run. */
  readonly goOn: (runs: number) => boolean
  /** Called with each input before it is tried. */
  readonly onInput?: (input: string) => void
}

/**
 * Feeds mutants to a target until one breaks a promise or there is enough.
 * @returns what was found, in as few characters as a short search brings it down to
 */
export function fuzz(target: Target, options: FuzzOptions): { runs: number; finding?: Finding } {
  const random = createRandom(options.seed)
  const material: Material = target.material()
  let runs = 0
  while (options.goOn(runs)) {
    const input = mutant(material, random)
    options.onInput?.(input)
    runs += 1
    const error = failureOf(target, input)
    if (error !== undefined) return { runs, finding: shrink(target, { input, error }) }
  }
  return { runs }
}

function failureOf({ run }: Target, input: string): Error | undefined {
  try {
    run(input)
    return undefined
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** Takes parts out, large ones first, for as long as what is left still fails. */
function shrink(target: Target, found: Finding): Finding {
  let best = found
  for (let size = best.input.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at < best.input.length;) {
      const input = best.input.slice(0, at) + best.input.slice(at + size)
      const error = failureOf(target, input)
      if (error === undefined) at += size
      else best = { input, error }
    }
  }
  return best
}
