import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'

/**
 * Reads the beginning of a file, at most `bytesMax`. A diagnostic shows a line of the file, and whoever
 * made the tree may not be who runs this: a link at its end is not followed, and nothing is waited for
 * that a pipe or device might send.
 * @throws Error when it can't be read, or is not a regular file
 */
export async function readRegularFile(file: string, bytesMax: number): Promise<Buffer> {
  const handle = await openNoFollow(file)
  try {
    if (!(await handle.stat()).isFile()) throw new Error('it is not a regular file')
    const chunks: Buffer[] = []
    const end = bytesMax - 1
    for await (const chunk of handle.createReadStream({ end, autoClose: false })) {
      chunks.push(chunk as Buffer)
    }
    return Buffer.concat(chunks)
  } finally {
    await handle.close()
  }
}

async function openNoFollow(file: string): Promise<FileHandle> {
  const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants
  try {
    return await open(file, O_RDONLY | O_NONBLOCK | O_NOFOLLOW)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ELOOP') throw error
    throw new Error('it is a symbolic link, which is not followed', { cause: error })
  }
}
