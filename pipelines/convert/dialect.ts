import type { SourceFile } from '../diagnostic.js'
import type { Document } from '../parse/tree.js'

/**
 * The language that a file is written in. `drone` is Drone 1.x: ours, but that keys which Drone let
 * pass are warned about where ours refuses them.
 */
export type Dialect = 'sandpiper' | 'drone' | 'drone-0.8' | 'woodpecker'

/** Tells the language of a file by its name and what is in it. */
export function dialectOf({ file }: SourceFile, _documents: readonly Document[]): Dialect {
  return /(^|[/_.])drone[^/]*\.ya?ml$/i.test(file) ? 'drone' : 'sandpiper'
}
