import { createGunzip, type Gunzip } from 'node:zlib'
import { messageOf } from '../../protocol/errors.js'
import { invalidLayer } from './errors.js'

const CHUNK_BYTES = 256 * 1024

/**
 * The uncompressed bytes of gzip (RFC 1952). Members in a row are one stream, as gzip(1) has it, and zeros
 * behind them are padding; anything else behind them is an error.
 * @param mayBePadded false: zeros are one, too, as they are to Go's readers
 * @throws SandpiperError SP_LAYER_INVALID
 */
export async function* gunzip(
  source: AsyncIterable<Buffer>,
  mayBePadded = true,
): AsyncGenerator<Buffer> {
  const stream = createGunzip({ chunkSize: CHUNK_BYTES })
  const feeding = feed(source, stream, mayBePadded).catch((error: unknown) => {
    stream.destroy(error as Error)
    throw error
  })
  feeding.catch(() => undefined)
  try {
    for await (const chunk of stream) yield chunk as Buffer
    await feeding
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code?.startsWith('Z_') !== true) throw error
    throw invalidLayer(`the gzip data is damaged: ${messageOf(error)}`)
  } finally {
    stream.destroy()
  }
}

async function feed(
  source: AsyncIterable<Buffer>,
  stream: Gunzip,
  mayBePadded: boolean,
): Promise<void> {
  let fed = 0
  let isOver = false
  for await (const chunk of source) {
    let padding = chunk
    if (!isOver) {
      await write(stream, chunk)
      fed += chunk.length
      // What it takes no more is behind the last member.
      padding = chunk.subarray(chunk.length - (fed - stream.bytesWritten))
      isOver = padding.length > 0
    }
    if (isOver && (!mayBePadded || padding.some((byte) => byte !== 0))) {
      throw invalidLayer('there is something else behind the gzip data')
    }
  }
  if (!isOver) stream.end()
}

function write(stream: Gunzip, chunk: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    // Whoever reads no more destroys it, and what was written may then never be called back.
    stream.once('close', resolve)
    stream.write(chunk, (error) => {
      stream.off('close', resolve)
      if (error) reject(error)
      else resolve()
    })
  })
}
