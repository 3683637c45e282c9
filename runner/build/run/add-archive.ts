import path from 'node:path'
import { SandpiperError } from '../../../protocol/errors.js'
import { decompress, type Compression } from '../../layers/compression.js'
import { padding, type TarEntry } from '../../layers/tar/entry.js'
import { streamInput, type TarInput } from '../../layers/tar/input.js'
import { readEntry } from '../../layers/tar/read.js'
import { encodeHeaders, TRAILER } from '../../layers/tar/write.js'
import type { StoredLayer } from '../../layers/types.js'
import { ImageFiles } from '../../stage/image-files.js'
import { copyArchive, type CopyRequest } from './copy-layer.js'
import { bounded, type LayerKeeper } from './layers.js'

/** How an archive that ADD unpacks is packed; what we unpack ourselves, and what is refused. */
export type Archive = Compression | 'xz' | 'bzip2'

/** Beginnings of files that Docker takes for archives. */
const MAGIC: readonly (readonly [Archive, number, string])[] = [
  ['gzip', 0, '1f8b'],
  ['zstd', 0, '28b52ffd'],
  ['xz', 0, 'fd377a585a00'],
  ['bzip2', 0, '425a68'],
  // `ustar` in the header of a tar archive (pax(1)).
  ['none', 257, '7573746172'],
]

/**
 * What kind of archive the only source of an ADD is; null for everything else.
 * @throws SandpiperError SP_BUILD_COPY
 */
export async function archiveOf(request: CopyRequest): Promise<Archive | null> {
  const alone = { ...request, target: '/x', below: [], owner: null, mode: null }
  return copyArchive(alone, { noTimes: true }, async (archive) => {
    const input = streamInput(archive, () => undefined)
    const entry = await readEntry(input)
    if (entry?.type !== 'file' || entry.path !== 'x') return null
    const head = (await input.read(Math.min(entry.size, 512))) ?? Buffer.alloc(0)
    const found = MAGIC.find(([, at, bytes]) => head.subarray(at).toString('hex').startsWith(bytes))
    if (found === undefined) return null
    const [kind] = found
    const rest = contentOf(input, entry.size - head.length)
    return kind === 'xz' || kind === 'bzip2' || (await isTar(head, rest, kind)) ? kind : null
  })
}

/** A file that is only compressed is no archive. */
async function isTar(
  head: Buffer,
  rest: AsyncIterable<Buffer>,
  compression: Compression,
): Promise<boolean> {
  const whole = async function* (): AsyncGenerator<Buffer> {
    yield head
    yield* rest
  }
  try {
    const input = streamInput(decompress(whole(), compression), () => undefined)
    return (await readEntry(input)) !== null
  } catch (error) {
    if (error instanceof SandpiperError) return false
    throw error
  }
}

/**
 * Keeps what is in an archive as a layer, with the owners that it has; those of the request are for the
 * directories on the way, as in Docker.
 * @throws SandpiperError SP_BUILD_COPY, SP_BUILD_ARCHIVE and those of the layer store
 */
export async function unpackedLayer(
  request: CopyRequest,
  compression: Compression,
  keeper: LayerKeeper,
): Promise<StoredLayer> {
  const { layers, lease, signal, bytesMax } = keeper
  return layers.addLayer(
    {
      diffId: null,
      read: (use) => use(bounded(unpacked(request, compression), bytesMax)),
    },
    lease,
    signal,
  )
}

async function* unpacked(request: CopyRequest, compression: Compression): AsyncGenerator<Buffer> {
  const image = new ImageFiles(
    request.ground.options.deps.layers.layerPaths({ layers: request.below }),
  )
  const target = (await image.resolve(request.target)) ?? request.target
  yield* directories({ ...request, target: `${target}/` })
  const alone = { ...request, target: '/x', below: [], owner: null, mode: null }
  const pipe = new Pipe()
  const done = copyArchive(alone, { noTimes: true }, async (archive) => {
    const input = streamInput(archive, () => undefined)
    const entry = await readEntry(input)
    if (entry === null) return
    const inner = streamInput(
      decompress(contentOf(input, entry.size), compression),
      () => undefined,
    )
    await moveEntries(inner, target.slice(1), (chunk) => pipe.write(chunk))
    await inner.drain()
    await input.drain()
  }).then(
    () => pipe.end(),
    (error: unknown) => pipe.fail(error),
  )
  yield* pipe
  await done
  yield TRAILER
}

/** Headers of the directory that an archive is unpacked into, and of those on the way. */
async function* directories(request: CopyRequest): AsyncGenerator<Buffer> {
  const source = { kind: 'files', files: [] } as const
  const headers: Buffer[] = []
  const empty = { ...request, source, sources: ['.'], mode: null }
  await copyArchive(empty, { noTimes: false }, async (archive) => {
    const input = streamInput(archive, () => undefined)
    for (let entry = await readEntry(input); entry !== null; entry = await readEntry(input)) {
      headers.push(headersOf(entry, entry.path, entry.linkPath))
    }
    await input.drain()
  })
  yield* headers
}

async function moveEntries(
  input: TarInput,
  prefix: string,
  write: (chunk: Buffer) => Promise<void>,
): Promise<void> {
  for (let entry = await readEntry(input); entry !== null; entry = await readEntry(input)) {
    const name = inside(prefix, entry.path)
    if (path.posix.basename(name).startsWith('.wh.')) throw badArchive(`it has ${name} in it`)
    if (entry.sparse !== undefined) throw badArchive(`${name} is a sparse file`)
    const link = entry.type === 'link' ? inside(prefix, entry.linkPath) : entry.linkPath
    const isKept = entry.type !== 'device' && name !== ''
    if (isKept) await write(headersOf(entry, name, link))
    await input.forward(entry.size, (chunk) => (isKept ? write(chunk) : Promise.resolve()))
    const rest = padding(entry.size)
    await input.skip(rest)
    if (isKept && rest > 0) await write(Buffer.alloc(rest))
  }
}

const FLAGS: Readonly<Record<TarEntry['type'], string>> = {
  ...{ file: '0', link: '1', symlink: '2', device: '3', directory: '5', fifo: '6' },
}

function headersOf(entry: TarEntry, name: string, linkPath: string): Buffer {
  const { mode, uid, gid, size, mtime, xattrs, type } = entry
  return encodeHeaders({
    ...{ flag: FLAGS[type], path: name, linkPath },
    ...{ mode, uid, gid, size, mtime, xattrs },
  })
}

/** @throws SandpiperError SP_BUILD_ARCHIVE for what is to get out of where it is unpacked */
function inside(prefix: string, name: string): string {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) throw badArchive(`${name} climbs out`)
  return [prefix.replace(/\/+$/, ''), ...parts].filter((part) => part !== '').join('/')
}

async function* contentOf(input: TarInput, size: number): AsyncGenerator<Buffer> {
  for (let left = size; left > 0;) {
    const chunk = await input.read(Math.min(left, 64 * 1024))
    if (chunk === null) return
    left -= chunk.length
    yield chunk
  }
}

function badArchive(why: string): SandpiperError {
  return new SandpiperError('SP_BUILD_ARCHIVE', `the archive can't be unpacked: ${why}`, {
    hint: 'COPY it, and unpack it in a RUN.',
  })
}

/** What one side writes, for the other to read, one piece at a time. */
class Pipe implements AsyncIterable<Buffer> {
  #piece: Buffer | null = null
  #state: 'open' | 'ended' | { readonly error: unknown } = 'open'
  #wakeReader: () => void = () => undefined
  #wakeWriter: () => void = () => undefined
  #isGone = false

  async write(piece: Buffer): Promise<void> {
    while (this.#piece !== null && !this.#isGone)
      await new Promise<void>((wake) => (this.#wakeWriter = wake))
    if (this.#isGone) throw new Error('nobody reads any more')
    this.#piece = piece
    this.#wakeReader()
  }

  end(): void {
    this.#state = 'ended'
    this.#wakeReader()
  }

  fail(error: unknown): void {
    this.#state = { error }
    this.#wakeReader()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        const piece = this.#piece
        if (piece !== null) {
          this.#piece = null
          this.#wakeWriter()
          yield piece
          continue
        }
        if (this.#state === 'ended') return
        if (this.#state !== 'open') throw this.#state.error
        await new Promise<void>((wake) => (this.#wakeReader = wake))
      }
    } finally {
      this.#isGone = true
      this.#wakeWriter()
    }
  }
}
