import { loadAddon } from './addon.js'
import { fromAddon } from './error.js'

/**
 * The extended attributes of a file (xattr(7)); of a link those of its own. None where the file system
 * has none. Names and values hold bytes as latin1.
 * @param path as bytes, where its name need not be UTF-8
 * @throws NativeError e.g. with the code `ENOENT`
 */
export function readXattrs(path: string | Buffer): ReadonlyMap<string, string> {
  const bytes = typeof path === 'string' ? Buffer.from(path) : path
  const found = new Map<string, string>()
  const all = call(() => loadAddon().readXattrs(bytes))
  for (let at = 0; at + 1 < all.length; at += 2) {
    found.set(all[at]?.toString('latin1') ?? '', all[at + 1]?.toString('latin1') ?? '')
  }
  return found
}

function call<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw fromAddon(error)
  }
}
