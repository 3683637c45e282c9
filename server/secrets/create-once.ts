import { randomBytes } from 'node:crypto'
import { link, open, readFile, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { hasCode } from '../error-code.js'

/**
 * Reads a private file, and makes it (mode 0600) with the given content when it is not there. Whoever
 * reads it sees it whole, also when two processes make it at once: the first one's content stays.
 */
export async function readOrCreatePrivateFile(
  path: string,
  makeContent: () => string,
): Promise<string> {
  const existing = await readIfThere(path)
  if (existing !== null) return existing
  await createWhole(path, makeContent())
  return readFile(path, 'utf8')
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null
    throw error
  }
}

async function createWhole(path: string, content: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    await writeDurably(temporary, content)
    // Unlike rename, link never replaces a file that another process made meanwhile.
    await link(temporary, path).catch((error: unknown) => {
      if (!hasCode(error, 'EEXIST')) throw error
    })
  } finally {
    await unlink(temporary)
  }
  await syncDirectory(dirname(path))
}

/** Makes a private file and returns when it is on the disk. */
export async function writeDurably(path: string, content: string): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Returns when the names in a directory are on the disk. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
