import { constants } from 'node:fs'
import { type FileHandle, lstat, open, readlink } from 'node:fs/promises'
import path from 'node:path'
import { isOpaque } from '../layers/lower-files.js'

/** Links that are followed on the way to one file; the kernel's own bound (path_resolution(7)). */
const LINKS_MAX = 40
const PATH_PARTS_MAX = 500

/** What a path leads to in a stack of layers. */
export type Found =
  | { readonly kind: 'directory' }
  | { readonly kind: 'file'; readonly hostPath: string; readonly isExecutable: boolean }
  | { readonly kind: 'other' }

type Step = Found | { readonly kind: 'link'; readonly target: string }

/**
 * Looks at the files of a root before it is mounted: as overlayfs merges its layers, and as a process
 * sees them whose root it is. Links are followed here, so that none leads out of the layers; the layers
 * must not change meanwhile.
 */
export class ImageFiles {
  readonly #layers: readonly string[]

  /** @param layers directories, topmost first */
  constructor(layers: readonly string[]) {
    this.#layers = layers
  }

  /** What is at an absolute path inside, or null. */
  async find(inside: string): Promise<Found | null> {
    let parts = split(inside)
    for (let links = 0; links <= LINKS_MAX; links++) {
      if (parts.length > PATH_PARTS_MAX) return null
      const walked = await this.#walk(parts)
      if (walked === null || 'kind' in walked) return walked
      parts = walked.parts
    }
    return null
  }

  /**
   * The absolute path that one leads to when all links are followed; what is not there yet stays as it is
   * written. Null when there are too many links or parts.
   */
  async resolve(inside: string): Promise<string | null> {
    let parts = split(inside)
    for (let links = 0; links <= LINKS_MAX; links++) {
      if (parts.length > PATH_PARTS_MAX) return null
      const walked = await this.#walk(parts)
      if (walked === null || 'kind' in walked) return `/${parts.join('/')}`
      parts = walked.parts
    }
    return null
  }

  /** Text of a regular file, or null when there is none or it is larger than `bytesMax`. */
  async read(inside: string, bytesMax: number): Promise<string | null> {
    const found = await this.find(inside)
    if (found?.kind !== 'file') return null
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
    const file = await open(found.hostPath, flags)
    try {
      return await readBounded(file, bytesMax)
    } finally {
      await file.close()
    }
  }

  /** Goes down until the end of the path or to the first link, and says where that one leads. */
  async #walk(parts: readonly string[]): Promise<Found | { readonly parts: string[] } | null> {
    let directories = this.#layers
    for (const [index, name] of parts.entries()) {
      const { step, below } = await look(directories, name)
      if (step === null) return null
      const rest = parts.slice(index + 1)
      if (step.kind === 'link') {
        const from = step.target.startsWith('/') ? [] : parts.slice(0, index)
        return { parts: split([...from, step.target, ...rest].join('/')) }
      }
      if (rest.length === 0) return step
      if (step.kind !== 'directory') return null
      directories = below
    }
    return { kind: 'directory' }
  }
}

/** The entry of that name in directories that are merged, and the directories merged below it. */
async function look(
  directories: readonly string[],
  name: string,
): Promise<{ readonly step: Step | null; readonly below: readonly string[] }> {
  const below: string[] = []
  for (const directory of directories) {
    const hostPath = path.join(directory, name)
    const stat = await lstat(hostPath).catch(() => null)
    if (stat === null) continue
    if (stat.isDirectory()) {
      below.push(hostPath)
      if (isOpaque(hostPath)) break
      continue
    }
    // What is no directory hides those below it and is hidden by one above.
    if (below.length > 0) break
    if (stat.isSymbolicLink()) return { step: await linkOf(hostPath), below }
    if (stat.isFile()) {
      const isExecutable = (stat.mode & 0o111) !== 0
      return { step: { kind: 'file', hostPath, isExecutable }, below }
    }
    // A character device 0:0 is overlayfs's mark for a name that was removed.
    const isRemoved = stat.isCharacterDevice() && stat.rdev === 0
    return { step: isRemoved ? null : { kind: 'other' }, below }
  }
  return { step: below.length > 0 ? { kind: 'directory' } : null, below }
}

async function linkOf(hostPath: string): Promise<Step> {
  return { kind: 'link', target: await readlink(hostPath) }
}

/** `..` can be taken out of the text, as what is before it was walked and is no link. */
function split(inside: string): string[] {
  const parts: string[] = []
  for (const part of inside.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return parts
}

async function readBounded(file: FileHandle, bytesMax: number): Promise<string | null> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(bytesMax + 1), 0, bytesMax + 1, 0)
  return bytesRead > bytesMax ? null : buffer.toString('utf8', 0, bytesRead)
}
