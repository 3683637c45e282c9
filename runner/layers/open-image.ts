import { createReadStream, createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { onlyLayer, readImageArchive, type ImageSource } from './archive.js'
import { indexArchive } from './archive-index.js'
import { decompress, detectCompression } from './compression.js'
import type { Compression } from './compression.js'
import { invalidImage } from './errors.js'
import { DEFAULT_CONFIG } from './image-config.js'
import type { LayerLimits } from './limits.js'
import { streamInput } from './tar/input.js'
import { readEntry } from './tar/read.js'

/** How image archives begin, unlike root file systems; only used to choose how to read compressed ones. */
const ARCHIVE_MEMBER =
  /^(?:\.\/)?(?:[0-9a-f]{64}(?:[/.].*)?|blobs(?:\/.*)?|manifest\.json|index\.json|oci-layout|repositories)\/?$/

/** Where and how an image file is read. */
export interface OpenImageOptions {
  /** Canonical name, to choose by. */
  readonly name: string
  /** Directory for what has to be decompressed first. */
  readonly temporary: string
  readonly limits: LayerLimits
}

/**
 * Opens an image file, telling what it is by its content: a root file system's tar, a `docker save`
 * archive or an OCI archive, each plain, gzip or zstd. `use` gets the image while the file is open.
 * @throws SandpiperError SP_IMAGE_INVALID
 */
export async function withImageFile<T>(
  path: string,
  options: OpenImageOptions,
  use: (image: ImageSource) => Promise<T>,
): Promise<T> {
  const file = await openFile(path)
  try {
    const compression = await detectCompression(file, 0)
    if (compression === 'none') return await use(await readArchive(path, file, options))
    if (await looksLikeArchive(path, compression)) {
      const plain = join(options.temporary, 'archive.tar')
      const source = bounded(decompress(createReadStream(path), compression), options.limits)
      await pipeline(source, createWriteStream(plain, { mode: 0o600 }))
      return await withImageFile(plain, options, use)
    }
    return await use(rootFileSystem(path, compression))
  } finally {
    await file.close()
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    const file = await open(path, 'r')
    if ((await file.stat()).isFile()) return file
    await file.close()
    throw invalidImage(`${path} is no regular file`)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw code === 'ENOENT' || code === 'EACCES' ? invalidImage(`${path}: ${code}`, error) : error
  }
}

async function readArchive(
  path: string,
  file: FileHandle,
  options: OpenImageOptions,
): Promise<ImageSource> {
  const index = await indexArchive(path, file)
  if (index?.members.size === 0 && (await file.stat()).size === 0) {
    throw invalidImage(`${path} is empty`)
  }
  const image = index === null ? null : await readImageArchive(index, options.name)
  return image ?? rootFileSystem(path, 'none')
}

function rootFileSystem(path: string, compression: Compression): ImageSource {
  const layer = onlyLayer(() => decompress(createReadStream(path), compression))
  return { config: DEFAULT_CONFIG, layers: [layer] }
}

async function looksLikeArchive(path: string, compression: Compression): Promise<boolean> {
  const stream = decompress(createReadStream(path), compression)
  const iterator = stream[Symbol.asyncIterator]()
  const peeked = { [Symbol.asyncIterator]: () => iterator }
  try {
    const first = await readEntry(streamInput(peeked, () => undefined))
    return first !== null && ARCHIVE_MEMBER.test(first.path)
  } finally {
    await iterator.return?.()
  }
}

async function* bounded(
  source: AsyncIterable<Buffer>,
  limits: LayerLimits,
): AsyncGenerator<Buffer> {
  let size = 0
  for await (const chunk of source) {
    size += chunk.length
    if (size > limits.layerBytesMax)
      throw invalidImage('the archive is too large once decompressed')
    yield chunk
  }
}
