/** One entry of a tree object. */
export interface TreeEntry {
  /** Octal as git writes it: `100644`, `100755`, `120000` for links, `40000`, `160000`. */
  readonly mode: string
  readonly name: string
}

/**
 * Reads a raw tree object: `MODE NAME NUL` and the binary id, over and over (Git internals, "Tree
 * Objects"). Names are bytes, read as UTF-8.
 * @throws Error when the bytes are no tree
 */
export function* readTree(bytes: Buffer, idBytes: number): Generator<TreeEntry> {
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at)
    const end = bytes.indexOf(0, space)
    if (space < 0 || end < 0) throw new Error('cut short tree object')
    yield {
      mode: bytes.toString('latin1', at, space),
      name: bytes.toString('utf8', space + 1, end),
    }
    at = end + 1 + idBytes
  }
}
