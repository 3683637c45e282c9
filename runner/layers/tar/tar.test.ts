import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { makeTemporaryDirectory, removeDirectory, sh } from '../testing/archives.js'
import { padding } from './entry.js'
import type { TarEntry } from './entry.js'
import { streamInput } from './input.js'
import { readEntry } from './read.js'
import { encodeHeaders, TRAILER } from './write.js'

let directory = ''
beforeEach(async () => {
  directory = await makeTemporaryDirectory()
})
afterEach(() => removeDirectory(directory))

async function* chunked(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) {
    yield await Promise.resolve(bytes.subarray(at, at + size))
  }
}

async function readAll(bytes: Buffer, chunkBytes = 1000): Promise<(TarEntry & { body: string })[]> {
  const input = streamInput(chunked(bytes, chunkBytes), () => undefined)
  const entries: (TarEntry & { body: string })[] = []
  for (let entry = await readEntry(input); entry !== null; entry = await readEntry(input)) {
    let body = ''
    await input.forward(entry.size, (chunk) =>
      Promise.resolve(void (body += chunk.toString('latin1'))),
    )
    await input.skip(padding(entry.size))
    entries.push({ ...entry, body })
  }
  return entries
}

describe('reading tar archives', () => {
  it('understands every format that GNU tar writes', async () => {
    const long = 'd'.repeat(90)
    await sh(
      directory,
      `mkdir -p r/${long}/${long}; printf hello > r/${long}/${long}/file; ln -s ${'t'.repeat(150)} r/s
       ln r/${long}/${long}/file r/hard; mkfifo r/fifo; touch r/ü; chown 3000000:7 r/ü; chmod 4750 r/ü`,
    )
    for (const format of ['gnu', 'posix', 'oldgnu']) {
      const options = `--format=${format} --sort=name --numeric-owner`
      await sh(directory, `tar ${options} -C r -cf ${format}.tar .`)
      const entries = await readAll(await readFile(join(directory, `${format}.tar`)))
      const byPath = new Map(entries.map((entry) => [entry.path, entry]))
      const file = byPath.get(`./${long}/${long}/file`)
      expect([format, file?.type, file?.body]).toEqual([format, 'file', 'hello'])
      expect(byPath.get('./s')).toMatchObject({ type: 'symlink', linkPath: 't'.repeat(150) })
      expect(byPath.get('./hard')).toMatchObject({ type: 'link', linkPath: file?.path, size: 0 })
      expect(byPath.get('./fifo')?.type).toBe('fifo')
      const name = Buffer.from('./ü').toString('latin1')
      expect(byPath.get(name)).toMatchObject({ uid: 3000000, gid: 7, mode: 0o4750 })
    }
    await sh(directory, 'mkdir v; touch v/a; tar --format=v7 -C v -cf v7.tar .')
    const old = await readAll(await readFile(join(directory, 'v7.tar')))
    expect(old.map(({ path, type }) => [path, type])).toEqual([
      ['./', 'directory'],
      ['./a', 'file'],
    ])
  })

  it('gives the same entries however the bytes come', async () => {
    const entry = { path: 'a'.repeat(150), flag: '0', mode: 0o644, uid: 1, gid: 2, mtime: 3 }
    const body = Buffer.alloc(1024, 'x')
    const bytes = Buffer.concat([encodeHeaders({ ...entry, size: 1024 }), body, TRAILER])
    const whole = await readAll(bytes, bytes.length)
    expect(whole).toHaveLength(1)
    for (const size of [1, 7, 511, 512, 513]) expect(await readAll(bytes, size)).toEqual(whole)
  })

  it('refuses what is cut short or changed, and never hangs or throws anything else', async () => {
    const xattrs = new Map([['user.a', 'b']])
    const entry = {
      path: 'p'.repeat(120),
      flag: '0',
      mode: 0o644,
      uid: 1,
      gid: 2,
      mtime: 3,
      xattrs,
    }
    const bytes = Buffer.concat([encodeHeaders({ ...entry, size: 3 }), Buffer.alloc(512), TRAILER])
    const refused = expect.objectContaining({ code: 'SP_LAYER_INVALID' })
    await expect(readAll(bytes.subarray(0, 700))).rejects.toEqual(refused)
    await expect(readAll(Buffer.from('not a tar'.repeat(100)))).rejects.toEqual(refused)
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), async (at, value) => {
        const broken = Buffer.from(bytes)
        broken[at] = value
        const error: unknown = await readAll(broken).catch((thrown: unknown) => thrown)
        if (!Array.isArray(error)) expect(error).toEqual(refused)
      }),
      { numRuns: 300 },
    )
  })
})

describe('writing tar archives', () => {
  it('writes what it reads back, and what GNU tar understands', async () => {
    const name = fc.stringMatching(/^[a-zA-Z0-9é ._-]{1,180}$/)
    const number = fc.oneof(fc.nat(0o7777777), fc.nat(2 ** 33))
    const made = fc.record({ path: name, linkPath: name, uid: number, gid: number, mtime: number })
    await fc.assert(
      fc.asyncProperty(made, async (fields) => {
        const entry = { ...fields, flag: '2', mode: 0o777, xattrs: new Map([['user.x', 'a\nb=c']]) }
        const [read] = await readAll(Buffer.concat([encodeHeaders(entry), TRAILER]))
        expect(read).toMatchObject({ ...fields, xattrs: entry.xattrs, type: 'symlink' })
      }),
      { numRuns: 200 },
    )
    const entry = {
      path: 'x'.repeat(200),
      flag: '0',
      mode: 0o640,
      uid: 3000000,
      gid: 9,
      mtime: 86400,
    }
    const bytes = Buffer.concat([encodeHeaders({ ...entry, size: 9e9 })])
    await writeFile(join(directory, 'big.tar'), bytes)
    const listing = await sh(directory, 'TZ=UTC tar --numeric-owner -tvf big.tar 2>/dev/null || :')
    expect(listing).toBe(`-rw-r----- 3000000/9 9000000000 1970-01-02 00:00 ${'x'.repeat(200)}\n`)
  })
})
