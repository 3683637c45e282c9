import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { decompress, type Compression } from './compression.js'
import { layerProgram } from './layer-program.js'
import { makeTemporaryDirectory, removeDirectory, sh } from './testing/archives.js'

let directory = ''
beforeEach(async () => {
  directory = await makeTemporaryDirectory()
})
afterEach(() => removeDirectory(directory))

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) {
    yield await Promise.resolve(bytes.subarray(at, at + size))
  }
}

async function unpacked(
  bytes: Buffer,
  compression: Compression,
  size = bytes.length,
): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of decompress(pieces(bytes, Math.max(1, size)), compression)) {
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

async function compressed(bytes: Buffer, compression: Compression): Promise<Buffer> {
  if (compression === 'gzip') return gzipSync(bytes)
  await writeFile(join(directory, 'plain'), bytes)
  await sh(directory, 'zstd -qf plain -o packed')
  return readFile(join(directory, 'packed'))
}

const PLAIN = Buffer.concat([Buffer.alloc(3_000_000, 'text '), randomBytes(100_000)])

describe.each(['gzip', 'zstd'] as const)('%s', (compression) => {
  const code = 'SP_LAYER_INVALID'

  it('gives what was compressed, in one piece or many, also of several members', async () => {
    const bytes = await compressed(PLAIN, compression)
    const small = await compressed(Buffer.from('x'), compression)
    expect(PLAIN.equals(await unpacked(bytes, compression))).toBe(true)
    expect(PLAIN.equals(await unpacked(bytes, compression, 1000))).toBe(true)
    const twice = Buffer.concat([small, bytes, small])
    const expected = Buffer.concat([Buffer.from('x'), PLAIN, Buffer.from('x')])
    for (const size of [twice.length, small.length, 1001]) {
      expect(expected.equals(await unpacked(twice, compression, size))).toBe(true)
    }
    const both = await unpacked(Buffer.concat([small, small]), compression, 1)
    expect(both.toString()).toBe('xx')
    const empty = await compressed(Buffer.alloc(0), compression)
    expect(await unpacked(empty, compression)).toHaveLength(0)
  })

  it('refuses what is cut short anywhere, or changed', async () => {
    const bytes = await compressed(Buffer.from('hello '.repeat(50)), compression)
    for (let size = 0; size < bytes.length; size += 1) {
      await expect(unpacked(bytes.subarray(0, size), compression)).rejects.toMatchObject({ code })
    }
    const changed = Buffer.from(bytes)
    changed.writeUInt32LE(changed.readUInt32LE(bytes.length - 8) ^ 1, bytes.length - 8)
    await expect(unpacked(changed, compression)).rejects.toMatchObject({ code })
    await expect(unpacked(Buffer.from('plain text'), compression)).rejects.toMatchObject({ code })
  })

  it('refuses what has something else behind it, however it comes', async () => {
    const bytes = await compressed(Buffer.from('hello'), compression)
    for (const tail of ['garbage', '\0\0garbage', 'g'.repeat(100_000)]) {
      const all = Buffer.concat([bytes, Buffer.from(tail)])
      for (const size of [all.length, bytes.length, bytes.length + 1, 5]) {
        await expect(unpacked(all, compression, size)).rejects.toMatchObject({ code })
      }
    }
  })

  it('refuses zeros behind it, too, where others would', async () => {
    const bytes = await compressed(Buffer.from('hello'), compression)
    const padded = Buffer.concat([bytes, Buffer.alloc(600)])
    const read = async (): Promise<void> => {
      for await (const _chunk of decompress(pieces(padded, 100), compression, false)) continue
    }
    await expect(read()).rejects.toMatchObject({ code })
  })

  it('stops when nobody reads on, and tells an error of its source', async () => {
    const bytes = await compressed(randomBytes(4_000_000), compression)
    for await (const chunk of decompress(pieces(bytes, 65536), compression)) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
    const failing = (async function* () {
      yield* pieces(bytes.subarray(0, 1_000_000), 65536)
      await Promise.resolve()
      throw new Error('the source failed')
    })()
    const reading = (async () => {
      for await (const _chunk of decompress(failing, compression)) continue
    })()
    await expect(reading).rejects.toThrow('the source failed')
    const file = join(directory, 'none')
    const missing = (async () => {
      for await (const _chunk of decompress(createReadStream(file), compression)) continue
    })()
    await expect(missing).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

describe('gzip', () => {
  it('may be padded with zeros', async () => {
    const bytes = Buffer.concat([gzipSync('hello'), Buffer.alloc(200_000)])
    for (const size of [bytes.length, 25, 24, 4096]) {
      expect((await unpacked(bytes, 'gzip', size)).toString()).toBe('hello')
    }
  })
})

describe('zstd', () => {
  it('gets no more memory than a decompressor should need', async () => {
    await sh(directory, 'head -c 300000000 /dev/zero | zstd -q --long=30 > large')
    await expect(
      promisify(execFile)('/bin/sh', ['-c', `exec ${layerProgram()} unzstd <${directory}/large`]),
    ).rejects.toMatchObject({ stderr: expect.stringContaining('too much memory') as unknown })
  })
})
