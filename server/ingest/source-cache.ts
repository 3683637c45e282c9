import type { FoundSources } from './find-sources.js'

const ENTRIES_MAX = 64
/** UTF-16 units of all texts together. */
const LENGTH_MAX = 4 * 1024 * 1024

/**
 * The pipeline files of the commits that were asked for last. A commit never changes, and builds of one come in bunches:
 * a branch with its pull request, a tag, a restart, a thousand webhooks of one push.
 */
export class SourceCache {
  readonly #entries = new Map<string, FoundSources>()
  #length = 0

  get(repoId: number, commit: string): FoundSources | undefined {
    const key = `${repoId} ${commit}`
    const found = this.#entries.get(key)
    if (found === undefined) return undefined
    // The newest is the last that goes.
    this.#entries.delete(key)
    this.#entries.set(key, found)
    return found
  }

  set(repoId: number, commit: string, found: FoundSources): void {
    const length = lengthOf(found)
    if (length > LENGTH_MAX / 4) return
    this.#drop(`${repoId} ${commit}`)
    this.#entries.set(`${repoId} ${commit}`, found)
    this.#length += length
    while (this.#entries.size > ENTRIES_MAX || this.#length > LENGTH_MAX) {
      const [oldest] = this.#entries.keys()
      if (oldest === undefined) return
      this.#drop(oldest)
    }
  }

  #drop(key: string): void {
    const found = this.#entries.get(key)
    if (found === undefined) return
    this.#entries.delete(key)
    this.#length -= lengthOf(found)
  }
}

function lengthOf({ sources }: FoundSources): number {
  return (sources ?? []).reduce((sum, { file, text }) => sum + file.length + text.length, 0)
}
