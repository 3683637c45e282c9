import { editDistance } from '../../pipelines/diagnostics/did-you-mean.js'

/** The candidate nearest to `name`, however far; the first one of several, undefined when there are none. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  let best: { candidate: string; distance: number } | undefined
  for (const candidate of candidates) {
    const distance = editDistance(name, candidate)
    if (best === undefined || distance < best.distance) best = { candidate, distance }
  }
  return best?.candidate
}
