import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root, whether this runs from the sources or from `dist`. */
export const ROOT = findRoot(path.dirname(fileURLToPath(import.meta.url)))

function findRoot(directory: string): string {
  return existsSync(path.join(directory, 'bin/sandpiper'))
    ? directory
    : findRoot(path.dirname(directory))
}
