import { editDistance } from '../../pipelines/diagnostics/did-you-mean.js'

/**
 * The candidate nearest to `name`, the first one of several; undefined when none is near enough to be meant.
 * `MEMRY` means `STEP_MEMORY`: a name without its first words counts as well, with a third of the letters to
 * change. A whole name may differ by three letters however short it is.
 */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  const third = Math.floor(name.length / 3)
  return (
    nearestBy(tailsOf, name, candidates, Math.max(1, third)) ??
    nearestBy((candidate) => [candidate], name, candidates, Math.max(3, third))
  )
}

function nearestBy(
  formsOf: (candidate: string) => readonly string[],
  name: string,
  candidates: readonly string[],
  distanceMax: number,
): string | undefined {
  let best: { candidate: string; distance: number } | undefined
  for (const candidate of candidates) {
    const distance = Math.min(...formsOf(candidate).map((form) => editDistance(name, form)))
    if (best === undefined || distance < best.distance) best = { candidate, distance }
  }
  return best !== undefined && best.distance <= distanceMax ? best.candidate : undefined
}

/** `STEP_MEMORY_MAX`, `MEMORY_MAX`, `MAX`. */
function tailsOf(name: string): readonly string[] {
  const words = name.split('_')
  return words.map((_, index) => words.slice(index).join('_'))
}
