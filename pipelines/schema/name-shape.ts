import { NAME_LENGTH_MAX } from '../limits.js'
import { LINE, text } from './scalars.js'

/** A name: of a step, a pipeline, a volume. */
export const NAME = text({ ...LINE, lengthMax: NAME_LENGTH_MAX })
