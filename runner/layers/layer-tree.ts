import { entryErrors, invalidLayer, printable } from './errors.js'
import type { LowerFiles, LowerStep } from './lower-files.js'
import { ownText } from './tar/own-text.js'

/** What a layer holds at a name. */
export type LayerNode = DirectoryNode | SymlinkNode | { readonly kind: 'file' | 'device' }

export interface SymlinkNode {
  readonly kind: 'symlink'
  readonly target: string
}

/** A directory, and what is to be said of it in the end. */
export class DirectoryNode {
  readonly kind = 'directory'
  readonly children = new Map<string, LayerNode>()
  /** Names that the layer hides in those below. */
  readonly hidden = new Set<string>()
  /** Hides all that the layers below have in it. */
  isOpaque = false
  /** Directories of the layers below that are merged with it. */
  readonly #findLower: () => LowerFiles
  #lower: LowerFiles | null = null

  constructor(findLower: () => LowerFiles) {
    this.#findLower = findLower
  }

  get lower(): LowerFiles {
    this.#lower ??= this.#findLower()
    return this.#lower
  }
}

/** Where an entry goes. */
export interface Place {
  /** From the layer's root, without links and without a slash in front; '' is the root itself. */
  readonly path: string
  readonly parent: DirectoryNode
  readonly name: string
}

/** A directory that no entry has named so far. */
export interface ImpliedDirectory {
  readonly path: string
  /** The directory of the layers below that it is merged with, or null. */
  readonly below: LowerStep | null
}

/** Links that are followed on the way to one entry; the kernel's own bound (path_resolution(7)). */
const LINKS_FOLLOWED_MAX = 40
const PATH_BYTES_MAX = 4095
const NAME_BYTES_MAX = 255
/** Names that are gone through for all entries together: links can make much of a short path. */
const STEPS_MAX = 20_000_000
/** Bytes that all names and targets of links may have together, as they are kept in memory. */
const TEXT_BYTES_MAX = 128 * 1024 ** 2
/** Directories that are remembered by the names that entries have for them: links give one any number. */
const RESOLVED_MAX = 4096
/** What whiteouts begin with; nothing else may (OCI image-spec, layer.md). */
const WHITEOUT = '.wh.'

/**
 * What a layer holds so far. It answers where an entry really goes: links on the way are followed here,
 * inside the layer and those below, so that the program that unpacks never meets one.
 */
export class LayerTree {
  readonly root: DirectoryNode
  /** Whether anything was asked of the layers below: with others the layer might be another. */
  isBound = false
  #entries = 1
  #steps = 0
  #textBytes = 0
  #implied: ImpliedDirectory[] = []
  /** Directories as they were named -> as they are, for the many entries of one directory. */
  readonly #resolved = new Map<string, Place>()

  constructor(lower: LowerFiles) {
    this.root = new DirectoryNode(() => lower)
  }

  /** Entries that were put in, with the directories that they imply. */
  get size(): number {
    return this.#entries
  }

  /**
   * Where an entry's path leads, following links in its directories as a process does whose root is the
   * layer. Directories that are not there are taken to be made: `takeImplied` has them.
   * @throws SandpiperError SP_LAYER_INVALID
   */
  locate(name: string): Place {
    const parts = split(name)
    const last = parts.pop()
    if (last === undefined) return { path: '', parent: this.root, name: '' }
    const named = parts.join('/')
    const known = this.#resolved.get(named)
    const directory = known ?? this.#walk(parts, name)
    if (known === undefined) this.#remember(named, directory)
    const path = directory.path === '' ? last : `${directory.path}/${last}`
    if (path.length > PATH_BYTES_MAX) throw invalidLayer(`${printable(name)} is too long`)
    return { path, parent: directory.parent, name: last }
  }

  /** The directories that were implied since the last time, each after the one that it is in. */
  takeImplied(): readonly ImpliedDirectory[] {
    const implied = this.#implied
    this.#implied = []
    return implied
  }

  /** What is at a place. */
  at({ parent, name }: Place): LayerNode | null {
    return name === '' ? parent : (parent.children.get(name) ?? null)
  }

  /** What the layers below have at a place where this one has nothing. */
  below({ parent, name }: Place): LowerStep | null {
    this.isBound = true
    return parent.hidden.has(name) ? null : parent.lower.step(name)
  }

  /** Puts an entry at a place that is not the root, instead of what is there. */
  put({ parent, name }: Place, node: LayerNode): void {
    const before = parent.children.get(name)
    this.#count(name.length + (node.kind === 'symlink' ? node.target.length : 0))
    if (before?.kind === 'directory' || before?.kind === 'symlink') this.#resolved.clear()
    parent.children.set(ownText(name), node)
  }

  /** Hides a name of the layers below. */
  hide(directory: DirectoryNode, name: string): void {
    if (directory.hidden.has(name)) return
    this.#count(name.length)
    directory.hidden.add(ownText(name))
  }

  /** A directory at a place where the layer has none. What it has there hides the layers below. */
  addDirectory(place: Place): DirectoryNode {
    const { parent } = place
    const name = ownText(place.name)
    const hides = this.at(place) !== null || parent.hidden.has(name)
    const node: DirectoryNode = new DirectoryNode((): LowerFiles => {
      this.isBound = true
      return hides || node.isOpaque ? parent.lower.nothing() : parent.lower.enter(name)
    })
    node.isOpaque = hides
    this.put(place, node)
    return node
  }

  #count(textBytes: number): void {
    this.#entries += 1
    this.#textBytes += textBytes
    if (this.#textBytes > TEXT_BYTES_MAX) throw entryErrors.tooMuchText(TEXT_BYTES_MAX)
  }

  #remember(named: string, directory: Place): void {
    if (this.#resolved.size >= RESOLVED_MAX) this.#resolved.clear()
    this.#resolved.set(named, directory)
  }

  /** Where the named directory is; in the place, as its own parent. */
  #walk(parts: readonly string[], name: string): Place {
    const left = [...parts].reverse()
    let here: { name: string; node: DirectoryNode }[] = []
    for (let links = 0; ;) {
      const part = left.pop()
      const directory = here.at(-1)?.node ?? this.root
      if (part === undefined) {
        return { path: here.map((step) => step.name).join('/'), parent: directory, name: '' }
      }
      this.#steps += 1
      if (this.#steps > STEPS_MAX) throw invalidLayer('its links lead too far')
      if (part === '..') {
        here.pop()
        continue
      }
      const found = this.#step(here, directory, part)
      if (found.kind === 'directory') {
        here.push({ name: part, node: found })
        continue
      }
      if (found.kind !== 'symlink') {
        throw invalidLayer(`${printable(name)} is below what is no directory`)
      }
      links += 1
      if (links > LINKS_FOLLOWED_MAX)
        throw invalidLayer(`${printable(name)} is behind too many links`)
      if (found.target.startsWith('/')) here = []
      left.push(...found.target.split('/').filter(isStep).reverse())
    }
  }

  /** One name further: what the layer has there, a link below it, or a directory that is implied. */
  #step(
    here: readonly { readonly name: string }[],
    directory: DirectoryNode,
    name: string,
  ): LayerNode {
    const node = directory.children.get(name)
    if (node !== undefined) return node
    const below = this.below({ path: '', parent: directory, name })
    if (below !== null && below.kind === 'symlink') return { kind: 'symlink', target: below.target }
    if (below !== null && below.kind !== 'directory') return { kind: 'file' }
    const path = [...here.map((step) => step.name), name].join('/')
    if (name.startsWith(WHITEOUT)) {
      throw invalidLayer(`${printable(path)} has a name that is kept for whiteouts`)
    }
    if (path.length > PATH_BYTES_MAX) throw invalidLayer(`${printable(path)} is too long`)
    this.#implied.push({ path, below })
    return this.addDirectory({ path, parent: directory, name })
  }
}

function isStep(part: string): boolean {
  return part !== '' && part !== '.'
}

/** The parts of an entry's own name. `..` in it takes back a name before it, and may not climb out. */
function split(name: string): string[] {
  const parts: string[] = []
  for (const part of name.split('/').filter(isStep)) {
    if (part !== '..') parts.push(part)
    else if (parts.pop() === undefined)
      throw invalidLayer(`${printable(name)} climbs out with ".."`)
  }
  if (parts.some((part) => part.length > NAME_BYTES_MAX) || name.length > PATH_BYTES_MAX) {
    throw invalidLayer(`${printable(name)} is too long`)
  }
  if (name.includes('\0')) throw invalidLayer(`${printable(name)} has a zero byte in it`)
  return parts
}
