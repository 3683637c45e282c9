/** One entry of a tar archive. Names hold bytes as latin1 characters, so that any name survives. */
export interface TarEntry {
  readonly type: 'file' | 'link' | 'symlink' | 'device' | 'directory' | 'fifo'
  readonly path: string
  /** Target of links; empty for others. */
  readonly linkPath: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Bytes of content that follow; 0 for all but files. */
  readonly size: number
  /** Seconds after 1970. */
  readonly mtime: number
  /** Extended attributes by name; values as latin1. */
  readonly xattrs: ReadonlyMap<string, string>
}

export const BLOCK_BYTES = 512

/** Bytes that fill the last block of a content up. */
export function padding(size: number): number {
  return (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES
}
