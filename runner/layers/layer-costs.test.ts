import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { layerError } from './layer-program.js'
import { LayerTree } from './layer-tree.js'
import { DEFAULT_LAYER_LIMITS } from './limits.js'
import { LowerFiles } from './lower-files.js'
import { makeTar, makeTemporaryDirectory, removeDirectory, type Made } from './testing/archives.js'
import { encodeHeaders, TRAILER } from './tar/write.js'
import { unpackLayer, type Unpacked } from './unpack.js'

/** What a small layer may cost the process that reads it: all stages of a runner share it. */
let directory = ''
beforeEach(async () => {
  directory = await makeTemporaryDirectory()
})
afterEach(() => removeDirectory(directory))

const MIB = 1024 ** 2

function unpack(archive: AsyncIterable<Buffer>): Promise<Unpacked> {
  return unpackLayer(archive, join(directory, 'fs'), DEFAULT_LAYER_LIMITS)
}

/** Bytes that live on the heap, and nothing else. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc()')
  return process.memoryUsage().heapUsed
}

/** Bytes that are kept of an archive of these entries when all of them were read. */
async function keptOf(count: number, entry: (index: number) => Made): Promise<number> {
  let kept = 0
  await unpack(
    (async function* () {
      const before = heapBytes()
      for (let index = 0; index < count; index += 1) {
        yield await Promise.resolve(makeTar([entry(index)]).subarray(0, -TRAILER.length))
      }
      kept = heapBytes() - before
      yield TRAILER
    })(),
  )
  return kept
}

/** Milliseconds that a header of that many bytes takes, which come one by one. */
async function timeOfPieces(size: number): Promise<number> {
  const bytes = makeTar([{ path: 'file', xattrs: { 'other.note': 'x'.repeat(size) } }])
  const began = performance.now()
  await unpack(
    (async function* () {
      for (let at = 0; at < bytes.length; at += 1) {
        yield await Promise.resolve(bytes.subarray(at, at + 1))
      }
    })(),
  )
  await removeDirectory(join(directory, 'fs'))
  return performance.now() - began
}

describe('reading a layer', () => {
  it('keeps nothing of large headers but the names in them', async () => {
    const rest = `\0${'x'.repeat(900_000)}`
    const kept = await keptOf(60, (index) => ({ path: `a-name-of-a-file-${String(index)}${rest}` }))
    expect(kept).toBeLessThan(10 * MIB)
  })

  it('does not remember every name that links give to one directory', async () => {
    const [zero, one] = ['a', 'b'].map((letter) => letter.repeat(250)) as [string, string]
    const spelled = (index: number): string =>
      Array.from(index.toString(2).padStart(15, '0'), (bit) => (bit === '1' ? one : zero)).join('/')
    const kept = await keptOf(12_000, (index) =>
      index < 2
        ? { path: index === 0 ? zero : one, flag: '2', linkPath: '.' }
        : { path: `${spelled(index)}/directory/x/`, flag: '5' },
    )
    expect(kept).toBeLessThan(30 * MIB)
  }, 30_000)

  it('takes time for its bytes, however small the pieces are that they come in', async () => {
    const small = await timeOfPieces(50_000)
    const large = await timeOfPieces(400_000)
    // Eight times as much; with each piece copied to those before it would be 64 times as long.
    expect(large / small).toBeLessThan(24)
  }, 60_000)

  it('looks for the end of a number in the map of a sparse file no further than a number goes', async () => {
    let read = 0
    const fields = { uid: 0, gid: 0, mode: 0o644, mtime: 0, size: MIB, xattrs: new Map() }
    const pax = ['major=1', 'minor=0', 'name=sparse', 'realsize=100']
      .map((field) => `GNU.sparse.${field}\n`)
      .map((field) => `${String(field.length + 3)} ${field}`)
      .join('')
    const archive = [
      encodeHeaders({ ...fields, path: 'p', flag: 'x', linkPath: '', size: pax.length }),
      Buffer.from(pax.padEnd(512, '\0')),
      encodeHeaders({ ...fields, path: 'sparse', flag: '0', linkPath: '' }),
      ...Array.from({ length: MIB / 512 }, () => Buffer.alloc(512, '1')),
    ]
    const reading = unpack(
      (async function* () {
        for (const chunk of archive) {
          read += chunk.length
          yield await Promise.resolve(chunk)
        }
      })(),
    )
    await expect(reading).rejects.toMatchObject({ code: 'SP_LAYER_INVALID' })
    expect(read).toBeLessThan(8192)
  })

  it('bounds what all names and targets of links have together', () => {
    const tree = new LayerTree(new LowerFiles([]))
    const target = 'x'.repeat(4095)
    const fill = (): void => {
      for (let index = 0; index < 100_000; index += 1) {
        tree.put(tree.locate(String(index)), { kind: 'symlink', target })
      }
    }
    expect(fill).toThrow(expect.objectContaining({ code: 'SP_LAYER_TOO_LARGE' }))
  })
})

describe('a layer with an attribute that no file can have', () => {
  it('does not pass for a full disk, for which images of others would be given up', () => {
    const codeOf = (call: string): string => {
      const said = JSON.stringify({ errno: 28, call, path: 'file' })
      return layerError('unpack a layer', said, '').code
    }
    expect(codeOf('fsetxattr')).toBe('SP_LAYER_TOOL')
    expect(codeOf('write')).toBe('SP_LAYER_DISK_FULL')
  })
})
