import { invalidLayer, printable } from './errors.js'

type Node =
  | { readonly kind: 'directory'; readonly implied: boolean }
  | { readonly kind: 'symlink'; readonly target: string }
  | { readonly kind: 'other' }

/** Links that are followed on the way to one entry; the kernel's own bound (path_resolution(7)). */
const LINKS_FOLLOWED_MAX = 40

/**
 * What a layer holds so far, by path from its root without a leading slash. It answers where an entry
 * really goes: links on the way are followed here, inside the layer, so that the program that unpacks
 * never meets one.
 */
export class LayerTree {
  readonly #nodes = new Map<string, Node>([['', { kind: 'directory', implied: true }]])
  /** Directories as they were named -> as they are, for the many entries of one directory. */
  readonly #resolved = new Map<string, string>()

  get size(): number {
    return this.#nodes.size
  }

  kindOf(path: string): Node['kind'] | null {
    return this.#nodes.get(path)?.kind ?? null
  }

  /** True when no entry of its own has been seen for the directory. */
  isImplied(path: string): boolean {
    const node = this.#nodes.get(path)
    return node?.kind === 'directory' && node.implied
  }

  /**
   * Where an entry's path leads, following links in its directories as a process does whose root is the
   * layer. Directories that are not there are taken to be made.
   * @throws SandpiperError SP_LAYER_INVALID
   */
  locate(name: string): string {
    const parts = split(name)
    const last = parts.pop()
    if (last === undefined) return ''
    const named = parts.join('/')
    const known = this.#resolved.get(named)
    const directory = known ?? this.#walk(parts, name)
    if (known === undefined) this.#resolved.set(named, directory)
    return directory === '' ? last : `${directory}/${last}`
  }

  /** Notes an entry at a located path. @throws SandpiperError SP_LAYER_INVALID */
  add(path: string, node: Node): void {
    const before = this.#nodes.get(path)
    if (before !== undefined && (before.kind === 'directory') !== (node.kind === 'directory')) {
      throw invalidLayer(
        `${printable(path)} is in the archive as a directory and as something else`,
      )
    }
    if (before?.kind === 'symlink') this.#resolved.clear()
    this.#nodes.set(path, node)
  }

  /** Notes a hard link to what is at another located path. */
  addLink(path: string, target: string): void {
    const node = this.#nodes.get(target)
    if (node === undefined || node.kind === 'directory') {
      throw invalidLayer(`${printable(path)} is a hard link to what is no file of the layer`)
    }
    this.add(path, node)
  }

  #walk(parts: readonly string[], name: string): string {
    const left = [...parts].reverse()
    let here: string[] = []
    for (let links = 0; ;) {
      const part = left.pop()
      if (part === undefined) return here.join('/')
      if (part === '..') {
        here.pop()
        continue
      }
      const path = [...here, part].join('/')
      const node = this.#nodes.get(path) ?? { kind: 'directory', implied: true }
      if (node.kind === 'other')
        throw invalidLayer(`${printable(name)} is below what is no directory`)
      if (node.kind === 'directory') {
        this.#nodes.set(path, node)
        here.push(part)
        continue
      }
      links += 1
      if (links > LINKS_FOLLOWED_MAX)
        throw invalidLayer(`${printable(name)} is behind too many links`)
      if (node.target.startsWith('/')) here = []
      left.push(...node.target.split('/').filter(isStep).reverse())
    }
  }
}

function isStep(part: string): boolean {
  return part !== '' && part !== '.'
}

/** The parts of an entry's own name, which may not climb. */
function split(name: string): string[] {
  const parts = name.split('/').filter(isStep)
  if (parts.includes('..')) throw invalidLayer(`${printable(name)} climbs out with ".."`)
  if (parts.some((part) => part.length > 255) || name.length > 4095) {
    throw invalidLayer(`${printable(name)} is too long`)
  }
  return parts
}
