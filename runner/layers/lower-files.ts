import { lstatSync, readdirSync, readlinkSync, type BigIntStats } from 'node:fs'
import { readXattrs } from '../../native/lib/xattrs.js'

/** What is at a name in directories that are merged. */
export type LowerStep =
  | { readonly kind: 'directory'; readonly path: Buffer; readonly stat: BigIntStats }
  | { readonly kind: 'symlink'; readonly target: string }
  | { readonly kind: 'file'; readonly path: Buffer; readonly stat: BigIntStats }
  | { readonly kind: 'other' }

const OPAQUE = 'user.overlay.opaque'

/** Whether overlayfs shows nothing of lower layers in a directory of a layer (overlayfs.rst, "Opaque"). */
export function isOpaque(directory: string | Buffer): boolean {
  return readXattrs(directory).get(OPAQUE) === 'y'
}

/** The extended attributes that layers hold of a file that is in one. */
export function keptXattrs(path: Buffer): ReadonlyMap<string, string> {
  return new Map([...readXattrs(path)].filter(([name]) => KEPT.test(name)))
}

const KEPT = /^(?:security\.capability$|user\.(?!overlay\.))/

/**
 * A directory as overlayfs merges it from layers that are unpacked, topmost first. Names hold bytes as
 * latin1; none is followed when it is a link.
 */
export class LowerFiles {
  readonly #directories: readonly Buffer[]

  constructor(directories: readonly Buffer[]) {
    this.#directories = directories
  }

  /** What is at a name, or null. */
  step(name: string): LowerStep | null {
    return this.#look(name).step
  }

  /** The directory at a name; one without anything when there is none. */
  enter(name: string): LowerFiles {
    return new LowerFiles(this.#look(name).below)
  }

  /** A directory without anything. */
  nothing(): LowerFiles {
    return new LowerFiles([])
  }

  /** Itself, or null when there is none. */
  self(): LowerStep | null {
    const [path] = this.#directories
    if (path === undefined) return null
    return { kind: 'directory', path, stat: lstatSync(path, { bigint: true }) }
  }

  /** All names in it. */
  names(): readonly string[] {
    const names = this.#directories.flatMap((path) => readdirSync(path, 'latin1'))
    return [...new Set(names)].filter((name) => this.step(name) !== null)
  }

  #look(name: string): { readonly step: LowerStep | null; readonly below: readonly Buffer[] } {
    const below: Buffer[] = []
    let step: LowerStep | null = null
    for (const directory of this.#directories) {
      const path = Buffer.concat([directory, Buffer.from(`/${name}`, 'latin1')])
      const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false })
      if (stat === undefined) continue
      // What is no directory hides those below it and is hidden by one above.
      if (!stat.isDirectory()) return { step: step ?? stepOf(path, stat), below }
      below.push(path)
      step ??= { kind: 'directory', path, stat }
      if (isOpaque(path)) break
    }
    return { step, below }
  }
}

function stepOf(path: Buffer, stat: BigIntStats): LowerStep | null {
  if (stat.isFile()) return { kind: 'file', path, stat }
  if (stat.isSymbolicLink()) {
    return { kind: 'symlink', target: readlinkSync(path, 'buffer').toString('latin1') }
  }
  // overlayfs's mark for a name that was removed.
  return stat.isCharacterDevice() && stat.rdev === 0n ? null : { kind: 'other' }
}
