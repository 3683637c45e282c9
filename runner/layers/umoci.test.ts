import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { OciLayout } from '../testing/oci-layout.js'
import { DEFAULT_LAYER_LIMITS } from './limits.js'
import { padding } from './tar/entry.js'
import { streamInput } from './tar/input.js'
import { readEntry } from './tar/read.js'
import {
  makeTar,
  makeTemporaryDirectory,
  removeDirectory,
  sh,
  type Made,
} from './testing/archives.js'
import { unpackLayer } from './unpack.js'

// What `umoci unpack` makes of an image is what we make of it, mounted as sandboxes do.

let directory = ''
beforeEach(async () => {
  directory = await makeTemporaryDirectory()
})
afterEach(() => removeDirectory(directory))

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield await Promise.resolve(bytes)
}

/** A layer that GNU tar makes of what a script leaves in an empty directory. */
async function layerOf(script: string, options = '--format=posix'): Promise<Buffer> {
  const tree = join(directory, 'tree')
  await mkdir(tree)
  await sh(tree, script)
  const xattrs = "--xattrs --xattrs-include='*' --pax-option=delete=atime,delete=ctime"
  const flags = options.includes('posix') ? xattrs : ''
  await sh(directory, `tar ${options} ${flags} --sort=name --numeric-owner -C tree -cf layer.tar .`)
  await rm(tree, { recursive: true })
  return readFile(join(directory, 'layer.tar'))
}

interface Comparison {
  /** What umoci is given, when it can't read the layers as they are. */
  readonly theirs?: readonly Buffer[]
  /** Of umoci's tree, not of ours. */
  readonly devices?: readonly string[]
}

/** Makes both trees and compares all there is to them. @returns ours, a line for each entry */
async function compare(
  layers: readonly Buffer[],
  { theirs = layers, devices = [] }: Comparison = {},
): Promise<string> {
  const layout = new OciLayout(join(directory, 'layout'))
  await layout.addImage('x', { layers: theirs })
  await sh(directory, 'umoci --log=error unpack --image layout:x bundle >&2')
  const directories = [join(directory, 'nothing')]
  await mkdir(join(directory, 'nothing'))
  for (const [at, layer] of layers.entries()) {
    const tree = join(directory, `layer-${String(at)}`)
    const parents = directories.slice(0, -1)
    await unpackLayer(once(layer), tree, DEFAULT_LAYER_LIMITS, { parents })
    directories.unshift(tree)
  }
  const tar =
    "tar --create --format=posix --sort=name --numeric-owner --xattrs --xattrs-include='*'"
  const without = devices.map((path) => `--exclude=./${path}`).join(' ')
  await mkdir(join(directory, 'merged'))
  await writeFile(
    join(directory, 'compare.sh'),
    `mount -t overlay -o userxattr,lowerdir=${directories.join(':')} overlay merged
     ${tar} -C merged -f ours.tar .
     ${tar} ${without} -C bundle/rootfs -f theirs.tar .`,
  )
  await sh(directory, 'unshare --mount --propagation private sh -e compare.sh')
  const ours = await listing('ours.tar')
  expect(ours).toBe(await listing('theirs.tar'))
  return ours
}

async function listing(name: string): Promise<string> {
  const input = streamInput(createReadStream(join(directory, name)), () => undefined)
  const lines: string[] = []
  for (let entry = await readEntry(input); entry !== null; entry = await readEntry(input)) {
    const hash = createHash('sha256')
    await input.forward(entry.size, (chunk) => Promise.resolve(void hash.update(chunk)))
    await input.skip(padding(entry.size))
    const { type, path, linkPath, mode, uid, gid, size, mtime, mtimeNs } = entry
    const time = `${String(mtime)}.${String(mtimeNs).padStart(9, '0')}`
    const owner = `${String(uid)}:${String(gid)}`
    const xattrs = [...entry.xattrs].sort().map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    const digest = size === 0 ? '' : hash.digest('hex')
    const names = [JSON.stringify(path), linkPath === '' ? '' : `-> ${JSON.stringify(linkPath)}`]
    lines.push([type, mode.toString(8), owner, size, time, ...names, digest, ...xattrs].join(' '))
  }
  return lines.join('\n')
}

describe('an image is what umoci makes of it', () => {
  it('with modes, owners, times, attributes, and names of all kinds', async () => {
    const long = `${'n'.repeat(150)}/${'m'.repeat(150)}/${'o'.repeat(200)}`
    const seen = await compare([
      await layerOf(
        `mkdir -p a/b ${long} 'with space'; printf x >a/file; printf y >"$(printf 'new\\nline')"
         printf z >"$(printf '\\377\\376')"; ln -s ../a/file a/b/link; ln -s ${'t'.repeat(300)} a/long
         mkfifo a/fifo; chown 12:34 a/fifo a/file; chown -h 5:6 a/b/link; chown 4000000:70000 a/b
         chmod 4755 a/file; chmod 2750 a/b; chmod 1777 a; chmod 0 ${long}; : >empty
         setcap cap_net_raw,cap_sys_admin=ep a/file; touch -d '2001-02-03 04:05:06.789012345' a/file
         touch -d @-100.5 empty; touch -h -d @2000000000 a/long; touch -d '1970-01-01 00:00:00 UTC' a/b
         chmod 755 .; chown 3:4 .; touch -d @77 .`,
      ),
    ])
    expect(seen).toContain('file 4755 12:34 1 981173106.789012345 "./a/file"')
    expect(seen).toContain('security.capability=')
  })

  it('in every format that GNU tar writes', async () => {
    const long = `${'d'.repeat(90)}/${'e'.repeat(90)}`
    const script = `mkdir -p ${long}; printf x >${long}/f; ln ${long}/f hard; ln -s ${'t'.repeat(120)} link
      chown 3000000:9 hard; touch -h -d @1000000000 link ${long} ${long}/f . ${'d'.repeat(90)}`
    for (const format of ['gnu', 'oldgnu', 'posix']) {
      await compare([await layerOf(script, `--format=${format}`)])
      await removeDirectory(directory)
      await mkdir(directory)
    }
  })

  it('with hard links within layers, and to files of those below', async () => {
    const base = await layerOf(
      `printf one >one; ln one two; mkdir d; ln one d/three; ln -s one link; ln link link2; printf 2 >other
       setcap cap_chown=p other; chown 7:7 other; touch -h -d @5 one other link d .`,
    )
    const top = makeTar([
      { path: 'two', content: 'new' },
      { path: 'd/four', flag: '1', linkPath: 'd/seven' },
    ])
    const upper = makeTar([
      { path: 'd/five', content: 'five' },
      { path: 'six', flag: '1', linkPath: './d/five' },
      { path: 'again', flag: '1', linkPath: '/six' },
      { path: 'copied', flag: '1', linkPath: 'other' },
      { path: 'd/seven', content: '7' },
    ])
    const seen = await compare([base, upper, top])
    expect(seen).toContain('"./other" -> "./copied"')
    expect(seen).toContain('"./six" -> "./again"')
  })

  it('with attributes of users', async () => {
    const xattrs = { 'user.note': 'kept', 'user.empty': '', 'user.binary': '\0\xff\n=' }
    const layer = makeTar([
      { path: './', flag: '5', xattrs },
      { path: 'f', content: 'x', xattrs },
      { path: 'd/', flag: '5', xattrs },
    ])
    await compare([
      layer,
      makeTar([
        { path: 'd/', flag: '5' },
        { path: 'f', content: 'y' },
      ]),
    ])
  })

  it('with whiteouts and opaque directories, in any order', async () => {
    const base = await layerOf(
      'mkdir -p a/b/c keep opq/sub gone/x; touch a/b/c/f a/1 keep/1 opq/old opq/sub/old gone/x/y; touch -d @9 $(find .)',
    )
    const entry = (path: string): Made => (path.endsWith('/') ? { path, flag: '5' } : { path })
    await compare([
      base,
      makeTar(['a/', 'a/.wh.1', 'a/b/', 'a/b/.wh.c', 'opq/', 'opq/new', '.wh.gone'].map(entry)),
      makeTar(['opq/.wh..wh..opq', 'opq/newer', 'opq/sub/', 'opq/sub/new', 'gone/'].map(entry)),
      makeTar(['keep/.wh.1', '.wh.keep', 'keep/', 'keep/2', '.wh.opq', '.wh..wh.aufs'].map(entry)),
      makeTar(['opq/', 'opq/last', 'a/.wh.missing', '.wh.nothing'].map(entry)),
    ])
  })

  it('with a root that hides all there was', async () => {
    const base = await layerOf('mkdir -p a/b x; touch a/b/c d x/y; touch -d @9 $(find .)')
    const seen = await compare([
      base,
      makeTar([{ path: '.wh..wh..opq' }, { path: 'a/', flag: '5' }, { path: 'a/new' }]),
    ])
    expect(seen.split('\n')).toHaveLength(3)
  })

  it('with files in place of directories, and the reverse, in one layer and over another', async () => {
    const base = await layerOf(
      'mkdir -p d/sub l; touch d/sub/f f l/x; ln -s d s; touch -h -d @9 s $(find .)',
    )
    await compare([
      base,
      makeTar([{ path: 'd', content: 'file' }, { path: 'f/', flag: '5' }, { path: 'f/in' }]),
      makeTar([
        { path: 'd/', flag: '5' },
        { path: 'd/new' },
        { path: 's/', flag: '5' },
        { path: 's/x' },
      ]),
      makeTar([
        { path: 'l', content: 'first a file' },
        { path: 'l/', flag: '5', mode: 0o700 },
        { path: 'l/y', content: 'y' },
        { path: 'twice', content: 'one' },
        { path: 'twice', content: 'two', mode: 0o600 },
        { path: 'tree/', flag: '5' },
        { path: 'tree/deep/', flag: '5' },
        { path: 'tree/deep/f', content: 'x' },
        { path: 'tree', flag: '2', linkPath: 'l' },
        { path: 'tree/through', content: 'into l' },
        { path: 'w', flag: '2', linkPath: 'l' },
        { path: 'w', content: 'no link any more' },
        { path: 'h', content: 'h' },
        { path: 'h2', flag: '1', linkPath: 'h' },
        { path: 'h', content: 'another' },
      ]),
    ])
  })

  it('with what a layer leaves to those below: directories, and links on the way', async () => {
    const base = await layerOf(
      `mkdir -p usr/lib etc/deep; ln -s usr/lib lib; ln -s /etc/deep etc/link; chmod 700 etc/deep; chown 8:9 etc
       chmod 1777 usr/lib; touch -h -d @9.5 lib etc/link $(find .)`,
    )
    const seen = await compare([
      base,
      makeTar([{ path: 'lib/new' }, { path: 'etc/link/new' }, { path: 'etc/.wh.nothing' }]),
    ])
    expect(seen).toContain('directory 700 0:0 0 9.500000000 "./etc/deep/"')
    expect(seen).toContain('./usr/lib/new')
  })

  it('with names that are written oddly', async () => {
    await compare([
      makeTar([
        { path: '/', flag: '5' },
        { path: '/absolute/', flag: '5' },
        { path: '//absolute//.//file' },
        { path: './absolute/../dots' },
        { path: 'absolute/hard', flag: '1', linkPath: '/x/../absolute/./file' },
      ]),
    ])
  })

  it('with sparse files of all formats, which stay sparse', async () => {
    const script = `truncate -s 5M holes; printf begin | dd of=holes conv=notrunc status=none
      for n in $(seq 60); do printf $n | dd of=holes bs=1 seek=$((n * 70000)) conv=notrunc status=none; done
      truncate -s 300000 nothing; printf dense >dense; cp holes ${'l'.repeat(120)}; touch -d @9 * .`
    const formats = ['gnu', 'oldgnu', 'posix --sparse-version=0.0', 'posix --sparse-version=0.1']
    for (const format of [...formats, 'posix --sparse-version=1.0']) {
      const dense = await layerOf(script)
      const layer = await layerOf(script, `--sparse --format=${format}`)
      expect(layer.length).toBeLessThan(3_000_000)
      // umoci does not know the old formats.
      await compare([layer], format.includes('gnu') ? { theirs: [dense] } : {})
      const { size, blocks } = await stat(join(directory, 'layer-0/holes'))
      expect(size).toBe(5 * 1024 * 1024)
      expect(blocks * 512).toBeLessThan(size / 2)
      expect((await stat(join(directory, 'layer-0/nothing'))).blocks).toBe(0)
      await removeDirectory(directory)
      await mkdir(directory)
    }
  })

  it('but for device nodes, which are left out', async () => {
    await compare(
      [
        await layerOf(
          'mkdir dev; mknod dev/null c 1 3; mknod dev/sda b 8 0; touch dev/x; touch -d @9 dev/x dev .',
        ),
      ],
      { devices: ['dev/null', 'dev/sda'] },
    )
  })

  it('for layers that buildah makes', async () => {
    await mkdir(join(directory, 'one'))
    await sh(
      directory,
      'mkdir -p one/sub; printf 1 >one/a; ln one/a one/sub/b; chmod 4711 one/a; mkdir -p one/old/x',
    )
    const script = `
      b="buildah --root $PWD/storage --runroot $PWD/run --storage-driver vfs"
      c=$($b from scratch); $b copy -q $c one /; $b commit -q --format oci $c base
      c=$($b from base); m=$($b mount $c); rm -r $m/old; printf 2 >$m/sub/c; rm $m/sub/b; mkdir $m/new
      $b umount $c; $b commit -q --format oci $c oci:made:x`
    await sh(directory, `{ ${script}; } >&2`)
    const index = await json(join(directory, 'made/index.json'))
    const manifest = await blob(index.manifests[0]!.digest)
    const layers: Buffer[] = []
    for (const { digest } of manifest.layers) {
      await sh(directory, `gzip -dcf made/blobs/${digest.replace(':', '/')} >plain.tar`)
      layers.push(await readFile(join(directory, 'plain.tar')))
    }
    expect(layers).toHaveLength(2)
    const seen = await compare(layers)
    expect(seen).toContain('./sub/c')
    expect(seen).not.toContain('./old')
    await sh(directory, 'chmod -R u+rwx storage run')
  })
})

interface Manifest {
  readonly manifests: readonly { readonly digest: string }[]
  readonly layers: readonly { readonly digest: string }[]
}

async function json(path: string): Promise<Manifest> {
  return JSON.parse(await readFile(path, 'utf8')) as Manifest
}

function blob(digest: string): Promise<Manifest> {
  return json(join(directory, 'made/blobs', digest.replace(':', '/')))
}

/** Made once for a checkout: it takes half a minute. */
const DEBIAN = join(process.cwd(), '.setup/debian-minbase.tar')

describe('an image of Debian', () => {
  it(
    'is what umoci makes of it',
    async () => {
      if (!existsSync(DEBIAN)) {
        await mkdir(join(process.cwd(), '.setup'), { recursive: true })
        const draft = join(directory, 'debian.tar')
        await sh(
          directory,
          `. /etc/os-release; mmdebstrap --quiet --variant=minbase $VERSION_CODENAME ${draft} >&2`,
        )
        await rename(draft, DEBIAN).catch(() => sh(directory, `cp ${draft} ${DEBIAN}`))
      }
      const layer = await readFile(DEBIAN)
      const devices = await sh(directory, `tar -tvf ${DEBIAN} | sed -n 's/^[bc].* \\.\\///p'`)
      const top = makeTar([
        { path: 'etc/', flag: '5' },
        { path: 'etc/.wh.passwd' },
        { path: 'var/lib/.wh.dpkg' },
        { path: 'lib/mine', content: 'x' },
      ])
      const seen = await compare([layer, top], { devices: devices.split('\n').slice(0, -1) })
      expect(seen).toContain('./usr/lib/mine')
      expect(seen).toContain('./usr/bin/su')
      expect(seen.split('\n').length).toBeGreaterThan(3000)
    },
    300_000 * Number(process.env['SANDPIPER_TEST_SLOWNESS'] ?? 1),
  )
})
