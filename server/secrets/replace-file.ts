import { randomBytes } from 'node:crypto'
import { rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncDirectory, writeDurably } from './create-once.js'

/** Gives a private file (mode 0600) a new content: after a crash it has the old one or the new one, whole. */
export async function replacePrivateFile(path: string, content: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    await writeDurably(temporary, content)
    await rename(temporary, path)
  } catch (error) {
    await unlink(temporary).catch(() => undefined)
    throw error
  }
  await syncDirectory(dirname(path))
}
