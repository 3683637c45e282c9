import { editDistance } from '../../pipelines/diagnostics/did-you-mean.js'

/**
 * The candidate nearest to `name`, the first one of several; undefined when none is near enough to be meant:
 * with at most three letters to change, or a third of a long name.
 */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  let best: { candidate: string; distance: number } | undefined
  for (const candidate of candidates) {
    const distance = editDistance(name, candidate)
    if (best === undefined || distance < best.distance) best = { candidate, distance }
  }
  const distanceMax = Math.max(3, Math.floor(name.length / 3))
  return best !== undefined && best.distance <= distanceMax ? best.candidate : undefined
}
