/** Where content of a sparse file is; between and behind it are holes. */
export interface Extent {
  readonly offset: number
  readonly length: number
}

/** One entry of a tar archive. Names hold bytes as latin1 characters, so that any name survives. */
export interface TarEntry {
  readonly type: 'file' | 'link' | 'symlink' | 'device' | 'directory' | 'fifo'
  readonly path: string
  /** Target of links; empty for others. */
  readonly linkPath: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Bytes of content that follow in the archive; 0 for all but files. */
  readonly size: number
  /** Of a sparse file: the bytes that it has, and what of them follows in the archive, in order. */
  readonly sparse?: { readonly size: number; readonly extents: readonly Extent[] }
  /** Time of change: whole seconds after 1970, and nanoseconds after that. */
  readonly mtime: number
  readonly mtimeNs: number
  /** Extended attributes by name; values as latin1. */
  readonly xattrs: ReadonlyMap<string, string>
}

export const BLOCK_BYTES = 512

/** Bytes that fill the last block of a content up. */
export function padding(size: number): number {
  return (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES
}
