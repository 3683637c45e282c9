import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { existsSync } from 'node:fs'
import { lstat, mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { DEFAULT_LAYER_LIMITS } from './limits.js'
import { makeTar, makeTemporaryDirectory, removeDirectory, sh, sha256 } from './testing/archives.js'
import type { Made } from './testing/archives.js'
import { unpackLayer } from './unpack.js'

let directory = ''
let target = ''
let outside = ''

beforeEach(async () => {
  directory = await makeTemporaryDirectory()
  target = join(directory, 'fs')
  outside = join(directory, 'outside')
  await mkdir(outside)
  await writeFile(join(outside, 'secret'), 'untouched')
})
afterEach(() => removeDirectory(directory))

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield await Promise.resolve(bytes)
}

async function* zeros(): AsyncGenerator<Buffer> {
  for (;;) yield await Promise.resolve(Buffer.alloc(64 * 1024))
}

async function unpack(entries: readonly Made[], limits = {}): Promise<string> {
  await removeDirectory(target)
  const all = { ...DEFAULT_LAYER_LIMITS, ...limits }
  return (await unpackLayer(once(makeTar(entries)), target, all)).diffId
}

/** Extended attributes that tar finds on a file. */
async function xattrsOf(path: string): Promise<string> {
  const tar = `tar --create --format=posix --xattrs --xattrs-include='*' -C ${target} --no-recursion`
  return sh(directory, `${tar} ${path} | tr '\\0' '\\n' | grep -a SCHILY || :`)
}

describe('unpacking a layer', () => {
  it('keeps modes, owners, links, attributes and times', async () => {
    const bytes = [
      { path: './', flag: '5', mode: 0o750 },
      { path: 'dir/', flag: '5', mode: 0o555 },
      { path: 'dir/setuid', content: 'x', mode: 0o4755, uid: 1234 },
      { path: 'dir/link', flag: '2', linkPath: '/absolute/target' },
      { path: 'hard', flag: '1', linkPath: 'dir/setuid' },
      { path: 'implied/deep/file', content: 'y' },
      { path: `${'long/'.repeat(60)}ü`, content: 'z' },
      { path: 'attributes', xattrs: { 'user.note': 'kept', 'trusted.evil': 'not' } },
    ]
    expect(await unpack(bytes)).toBe(`sha256:${sha256(makeTar(bytes))}`)
    expect((await lstat(target)).mode & 0o7777).toBe(0o750)
    const setuid = await lstat(join(target, 'dir/setuid'))
    expect([setuid.mode & 0o7777, setuid.uid, setuid.mtimeMs]).toEqual([0o4755, 1234, 1_000_000])
    expect((await lstat(join(target, 'dir'))).mode & 0o7777).toBe(0o555)
    expect((await lstat(join(target, 'hard'))).ino).toBe(setuid.ino)
    expect(await readlink(join(target, 'dir/link'))).toBe('/absolute/target')
    expect(await readFile(join(target, 'long/'.repeat(60), 'ü'), 'utf8')).toBe('z')
    expect(await xattrsOf('attributes')).toContain('user.note=kept')
    expect(await xattrsOf('attributes')).not.toContain('evil')
  })

  it('turns whiteouts into what overlayfs knows', async () => {
    await unpack([
      { path: 'etc/.wh.gone' },
      { path: 'etc/.wh.replaced' },
      { path: 'etc/replaced', content: 'new' },
      { path: 'etc/.wh.dir' },
      { path: 'etc/dir/inner', content: 'new' },
      { path: 'opaque/', flag: '5', mode: 0o700, xattrs: { 'user.overlay.redirect': '/x' } },
      { path: 'opaque/.wh..wh..opq' },
      { path: 'opaque/new', content: 'x' },
      { path: '.wh..wh.plnk/', flag: '5' },
      { path: '.wh..wh.plnk/12.34', content: 'x' },
      { path: '.wh..wh.aufs' },
    ])
    const gone = await lstat(join(target, 'etc/gone'))
    expect([gone.isCharacterDevice(), gone.rdev]).toEqual([true, 0])
    expect(await readFile(join(target, 'etc/replaced'), 'utf8')).toBe('new')
    expect(await xattrsOf('etc/dir')).toContain('user.overlay.opaque=y')
    expect(await xattrsOf('opaque')).toContain('user.overlay.opaque=y')
    expect(await xattrsOf('opaque')).not.toContain('redirect')
    expect((await lstat(join(target, 'opaque'))).mode & 0o7777).toBe(0o700)
    expect((await readdir(target)).sort()).toEqual(['etc', 'opaque'])
    expect((await readdir(join(target, 'opaque'))).sort()).toEqual(['new'])
  })

  it('leaves device nodes out, with the links to them', async () => {
    await unpack([
      { path: 'dev/sda', flag: '4' },
      { path: 'dev/mem', flag: '3' },
      { path: 'dev/hard', flag: '1', linkPath: 'dev/mem' },
      { path: 'dev/fifo', flag: '6' },
    ])
    expect(await readdir(join(target, 'dev'))).toEqual(['fifo'])
  })

  it('follows links inside the layer, as if the layer were the root', async () => {
    await unpack([
      { path: 'lib', flag: '2', linkPath: '/usr/lib' },
      { path: 'lib/a', content: 'a' },
      { path: 'up', flag: '2', linkPath: '../../../usr' },
      { path: 'up/b', content: 'b' },
      { path: 'usr/self', flag: '2', linkPath: '../lib' },
      { path: 'usr/self/c', content: 'c' },
      { path: 'hard', flag: '1', linkPath: 'lib/a' },
    ])
    expect((await readdir(join(target, 'usr'))).sort()).toEqual(['b', 'lib', 'self'])
    expect((await readdir(join(target, 'usr/lib'))).sort()).toEqual(['a', 'c'])
    expect(await readFile(join(target, 'hard'), 'utf8')).toBe('a')
  })
})

/** Layers that write outside where an archive is just unpacked. */
function escapingLayers(): Made[][] {
  const up = '../'.repeat(20)
  return [
    [
      { path: 'a', flag: '2', linkPath: outside },
      { path: 'a/new', content: 'x' },
    ],
    [
      { path: 'a', flag: '2', linkPath: `${up}${outside}` },
      { path: 'a/secret', content: 'x' },
    ],
    [
      { path: 'a', flag: '2', linkPath: `${outside}/secret` },
      { path: 'a', content: 'x' },
    ],
    [
      { path: 'a', flag: '2', linkPath: `${outside}/secret` },
      { path: 'b', flag: '1', linkPath: 'a' },
      { path: 'b', content: 'x' },
    ],
    [
      { path: 'a', flag: '2', linkPath: '.' },
      { path: 'a/b', flag: '2', linkPath: `a/..${outside}` },
      { path: 'b/new', content: 'x' },
    ],
    [
      { path: 'a', flag: '2', linkPath: outside },
      { path: 'a/.wh.secret' },
      { path: 'a/.wh..wh..opq' },
    ],
    [
      { path: 'a/', flag: '5' },
      { path: 'a', flag: '2', linkPath: outside },
      { path: 'a/new', content: 'x' },
    ],
    [
      { path: 'a', flag: '2', linkPath: outside },
      { path: 'a/', flag: '5' },
      { path: 'a/new', content: 'x' },
    ],
    [{ path: `/${outside}/new`, content: 'x' }],
    [{ path: '//etc/sandpiper-was-here', content: 'x' }],
  ]
}

describe('a hostile layer', () => {
  it('is refused when it climbs, loops, contradicts itself or lies', async () => {
    const hostile: Made[][] = [
      [{ path: '../outside/new', content: 'x' }],
      [{ path: 'a/../../outside/new', content: 'x' }],
      [{ path: 'a', flag: '1', linkPath: '../outside/secret' }],
      [{ path: 'a', flag: '1', linkPath: join(outside, 'secret') }],
      [{ path: 'a', flag: '1', linkPath: 'missing' }],
      [
        { path: 'a', flag: '2', linkPath: 'b' },
        { path: 'b', flag: '2', linkPath: 'a' },
        { path: 'a/x', content: 'x' },
      ],
      [
        { path: 'a', content: 'x' },
        { path: 'a/b', content: 'x' },
      ],
      [{ path: './', flag: '2', linkPath: outside }],
      [{ path: 'a/.wh...' }],
      [{ path: 'a/.wh.' }],
      [{ path: '.wh.a/b', content: 'x' }],
      [
        { path: 'a', flag: '2', linkPath: '.wh.b/c' },
        { path: 'a/d', content: 'x' },
      ],
      [{ path: 'x'.repeat(300) }],
      [{ path: 'x', flag: 'Z' }],
      [{ path: 'a', flag: '2', linkPath: '' }],
    ]
    for (const entries of hostile) {
      await expect(unpack(entries)).rejects.toMatchObject({ code: 'SP_LAYER_INVALID' })
      expect(await readdir(outside)).toEqual(['secret'])
      expect(await readFile(join(outside, 'secret'), 'utf8')).toBe('untouched')
    }
  })

  it('writes nothing outside through links of any kind', async () => {
    for (const entries of escapingLayers()) {
      await unpack(entries)
      expect(await readdir(outside)).toEqual(['secret'])
      expect(await readFile(join(outside, 'secret'), 'utf8')).toBe('untouched')
      expect((await lstat(join(outside, 'secret'))).isFile()).toBe(true)
    }
    expect(existsSync('/etc/sandpiper-was-here')).toBe(false)
    expect(existsSync(join(target, 'etc/sandpiper-was-here'))).toBe(true)
  })

  it('would write outside if it were just unpacked', async () => {
    let escaped = 0
    for (const entries of escapingLayers().filter(([first]) => !first?.path.startsWith('//etc'))) {
      await removeDirectory(target)
      await mkdir(target)
      await writeFile(join(directory, 'layer.tar'), makeTar(entries))
      const options = `--absolute-names --overwrite -C ${target} -f layer.tar`
      await sh(directory, `tar --extract ${options} 2>/dev/null || :`)
      const found = await sh(outside, 'ls -A; cat secret')
      if (found !== 'secret\nuntouched') escaped += 1
      await sh(outside, 'rm -rf new .wh.*; printf untouched > secret')
    }
    expect(escaped).toBeGreaterThanOrEqual(4)
    await removeDirectory(join(directory, 'layer.tar'))
  })

  it('whatever it holds, changes nothing outside', async () => {
    const name = fc.constantFrom(
      'a',
      'b',
      'a/b',
      'b/a',
      'a/b/a',
      '.wh.a',
      'a/.wh.b',
      'a/.wh..wh..opq',
    )
    const linkPath = fc.constantFrom(
      'a',
      'b',
      '..',
      '.',
      '/',
      '../..',
      outside,
      `../..${outside}`,
      'a/..',
    )
    const flag = fc.constantFrom('0', '1', '2', '3', '5')
    const entry = fc.record({ path: name, linkPath, flag })
    let unpacked = 0
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { minLength: 2, maxLength: 6 }), async (entries) => {
        const error: unknown = await unpack(entries).then(
          () => null,
          (thrown: unknown) => thrown,
        )
        if (error === null) unpacked += 1
        else expect(error).toMatchObject({ code: 'SP_LAYER_INVALID' })
        expect(await sh(outside, 'find . ! -type f ! -type d; cat *; stat -c %h secret')).toBe(
          'untouched1\n',
        )
        expect((await readdir(directory)).sort()).toEqual(['fs', 'outside'])
      }),
      { numRuns: 100 },
    )
    expect(unpacked).toBeGreaterThan(0)
  })

  it('is refused when it is too large or has too many entries', async () => {
    const code = 'SP_LAYER_TOO_LARGE'
    const files = [{ path: 'a', content: 'x'.repeat(600) }, { path: 'b' }, { path: 'c/d/e' }]
    await unpack(files)
    await expect(unpack(files, { layerBytesMax: 599 })).rejects.toMatchObject({ code })
    await expect(unpack(files, { layerEntriesMax: 4 })).rejects.toMatchObject({ code })
    const bomb = [{ path: 'a', content: '', mode: 0o644 }]
    const tar = makeTar(bomb)
    tar.write('77777777777', 124)
    tar.write('        ', 148)
    const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0)
    tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
    const limits = { ...DEFAULT_LAYER_LIMITS, layerBytesMax: 1000 }
    const bombed = unpackLayer(once(tar), join(directory, 'bomb'), limits)
    await expect(bombed).rejects.toMatchObject({ code })
    const endless = unpackLayer(zeros(), join(directory, 'endless'), {
      layerBytesMax: 1e6,
      layerEntriesMax: 10,
    })
    await expect(endless).rejects.toMatchObject({ code })
    const xattrs = { 'user.x': 'x'.repeat(2 * 1024 * 1024) }
    await expect(unpack([{ path: 'a', xattrs }])).rejects.toMatchObject({
      code: 'SP_LAYER_INVALID',
    })
  })
})
