import { benchLayerCount } from './images/layer-count.js'
import { benchPull } from './images/pull.js'
import type { Figure } from './report.js'

/** Images: what a pull takes, and what many layers cost. */
export async function benchImages(scratch: string): Promise<Figure[]> {
  return [await benchPull(scratch), await benchLayerCount(scratch)]
}
