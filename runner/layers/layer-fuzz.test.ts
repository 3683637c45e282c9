import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import { filterLayer } from './layer-filter.js'
import { RECORD } from './layer-records.js'
import { AS_ARCHIVED } from './metadata.js'
import { makeTar, type Made } from './testing/archives.js'
import { streamInput } from './tar/input.js'

const LIMITS = { layerBytesMax: 1e6, layerEntriesMax: 1000 }
const NAMES = ['a', 'b', '..', '.', '', '.wh.a', '.wh.b', '.wh..wh..opq', '.wh..', 'c\0d', 'ü']
const path = fc
  .tuple(
    fc.constantFrom('', '/', './', '../'),
    fc.array(fc.constantFrom(...NAMES), { maxLength: 5 }),
  )
  .map(([start, names]) => start + names.join('/'))
const entry: fc.Arbitrary<Made> = fc.record({
  path,
  linkPath: path,
  flag: fc.constantFrom('0', '0', '1', '2', '2', '3', '5', '5', '6', 'S', 'g', 'x'),
  content: fc.constantFrom('', 'x', 'x'.repeat(600)),
  mode: fc.nat(0o7777),
  uid: fc.constantFrom(0, 7, 3_000_000),
})
const archive = fc.array(entry, { maxLength: 8 }).map(makeTar)
/** Bytes that are changed, and where the archive ends. */
const damage = fc.record({
  bytes: fc.array(fc.tuple(fc.nat(10_000), fc.nat(255)), { maxLength: 3 }),
  end: fc.option(fc.nat(10_000)),
})

/** What the program would have made so far; it goes by nothing but records. */
class Files {
  readonly #kinds = new Map<string, number>([['', RECORD.directory]])
  #left = 0
  #isOver = false

  /** Takes what was written, records and content as they come. */
  take(chunk: Buffer): void {
    if (this.#left > 0) {
      expect(chunk.length).toBeLessThanOrEqual(this.#left)
      this.#left -= chunk.length
      return
    }
    expect(this.#isOver).toBe(false)
    const [type = 0, , , , , , , pathBytes = 0, targetBytes = 0] = new Uint32Array(
      chunk.buffer.slice(chunk.byteOffset, chunk.byteOffset + 64),
    )
    const text = chunk.subarray(64, 64 + pathBytes + targetBytes).toString('latin1')
    this.#left = Number(chunk.readBigUInt64LE(48))
    this.#apply(type, text.slice(0, pathBytes), text.slice(pathBytes))
  }

  get isWhole(): boolean {
    return this.#isOver && this.#left === 0
  }

  #apply(type: number, name: string, target: string): void {
    this.#isOver = type === RECORD.end
    if (type === RECORD.end || type === RECORD.data) return
    this.#expectPlace(name)
    const before = this.#kinds.get(name)
    if (type === RECORD.remove) this.#remove(name)
    else if (type === RECORD.opaque) expect(before).toBe(RECORD.directory)
    else if (type === RECORD.directory && before !== undefined) expect(before).toBe(type)
    else {
      expect(before).toBeUndefined()
      if (type === RECORD.link) expect(this.#kinds.get(target)).not.toBe(RECORD.directory)
      if (type === RECORD.link) expect(this.#kinds.has(target)).toBe(true)
      this.#kinds.set(name, type === RECORD.link ? (this.#kinds.get(target) ?? 0) : type)
    }
  }

  /** A clean path whose directories are directories. */
  #expectPlace(name: string): void {
    expect(name).not.toMatch(/^\/|\0|\/\/|\/$|(?:^|\/)\.{1,2}(?:\/|$)/)
    for (let at = name.indexOf('/'); at >= 0; at = name.indexOf('/', at + 1)) {
      expect([name, this.#kinds.get(name.slice(0, at))]).toEqual([name, RECORD.directory])
    }
  }

  #remove(name: string): void {
    expect(this.#kinds.has(name) && name !== '').toBe(true)
    for (const one of this.#kinds.keys()) {
      if (one === name || one.startsWith(`${name}/`)) this.#kinds.delete(one)
    }
  }
}

it('whatever an archive holds, its records can be carried out beneath the layer, or it is refused', async () => {
  let refused = 0
  let taken = 0
  await fc.assert(
    fc.asyncProperty(archive, damage, fc.integer({ min: 1, max: 700 }), async (tar, harm, size) => {
      const bytes = Buffer.from(tar)
      for (const [at, value] of harm.bytes) if (at < bytes.length) bytes[at] = value
      const end = harm.end === null ? bytes.length : Math.min(bytes.length, harm.end)
      const files = new Files()
      const input = streamInput(pieces(bytes.subarray(0, end), size), () => undefined)
      const options = { limits: LIMITS, owners: AS_ARCHIVED, parents: [] }
      const sink = async (chunk: Buffer): Promise<void> => {
        files.take(chunk)
        await Promise.resolve()
      }
      const error: unknown = await filterLayer(input, sink, options).then(
        () => null,
        (thrown: unknown) => thrown,
      )
      if (error === null) {
        expect(files.isWhole).toBe(true)
        taken += 1
      } else {
        expect(error).toMatchObject({ code: expect.stringMatching(/^SP_LAYER_/) as unknown })
        refused += 1
      }
    }),
    { numRuns: Number(process.env['SANDPIPER_FUZZ_RUNS'] ?? 3000) },
  )
  expect(Math.min(refused, taken)).toBeGreaterThan(100)
})

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) {
    yield await Promise.resolve(bytes.subarray(at, at + size))
  }
}
