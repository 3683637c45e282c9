import { createHash } from 'node:crypto'
import { lstat, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { redisFailed } from '../errors.js'

/** `sun_path` has 108 bytes with its final zero (unix(7)). */
const SOCKET_PATH_BYTES_MAX = 107

/**
 * Where the private Redis listens: in its own directory, or, when that path is too long for a socket,
 * in a directory of ours below the runtime directory. Either is open to this user only.
 */
export async function privateSocketPath(redisDir: string, runtimeDir: string): Promise<string> {
  const direct = join(redisDir, 'redis.sock')
  if (Buffer.byteLength(direct) <= SOCKET_PATH_BYTES_MAX) return direct
  const name = createHash('sha256').update(redisDir).digest('hex').slice(0, 16)
  const directory = join(runtimeDir, `sandpiper-${name}`)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await assertPrivate(directory)
  const path = join(directory, 'redis.sock')
  if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX) return path
  throw redisFailed(`the path of its socket is longer than ${SOCKET_PATH_BYTES_MAX} bytes: ${path}`)
}

/** In a directory like /tmp someone else may have made ours first, or put a link there. */
async function assertPrivate(directory: string): Promise<void> {
  const entry = await lstat(directory)
  const ours = entry.isDirectory() && entry.uid === process.getuid?.()
  if (!ours || (entry.mode & 0o077) !== 0) {
    throw redisFailed(`${directory} is not a directory that only this user can enter`)
  }
}
