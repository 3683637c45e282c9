import { isDetached, type NamedStep } from '../schema/all-steps.js'
import { type Builder, builderOf } from './builder-images.js'

/**
 * The plugin that builds images in this step; undefined where something else is to be run, or in the
 * background: then the step is like every other.
 */
export function builderOfStep(named: NamedStep): Builder | undefined {
  const { image, settings, commands, entrypoint, command } = named.step
  const runsOther = [commands, entrypoint, command].some((key) => key !== undefined)
  if (image === undefined || settings === undefined || runsOther || isDetached(named)) {
    return undefined
  }
  return builderOf(image.value)
}
