import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { ownIdentity } from '../../git/process-identity.js'
import { openLayerStore } from './store.js'
import {
  makeDockerArchive,
  makeImageFile,
  makeOciArchive,
  makeTar,
  makeTemporaryDirectory,
  removeDirectory,
  sh,
  sha256,
  writeArchive,
} from './testing/archives.js'
import type { LayerStore } from './types.js'

let directory = ''
let root = ''
let store: LayerStore

beforeEach(async () => {
  directory = await makeTemporaryDirectory()
  root = join(directory, 'store')
  store = await openLayerStore(root)
})
afterEach(() => removeDirectory(directory))

const BASE = makeTar([
  { path: 'bin/', flag: '5' },
  { path: 'bin/tool', content: 'one', mode: 0o755 },
])
const UPPER = makeTar([{ path: 'bin/.wh.tool' }, { path: 'bin/other', content: 'two' }])

function layers(): Promise<string[]> {
  return readdir(join(root, 'layers/sha256'))
}

async function compressed(bytes: Buffer, program: 'gzip' | 'zstd'): Promise<Buffer> {
  const path = await writeArchive(directory, `plain-${program}`, bytes)
  await sh(directory, `${program} -q -c ${path} > ${path}.packed`)
  return readFile(`${path}.packed`)
}

it('lets no other user in, also when it was open', async () => {
  await store.importTar('base', await writeArchive(directory, 'a', BASE))
  const made = ['', 'images', 'tmp', 'layers', 'layers/sha256', `layers/sha256/${sha256(BASE)}`]
  for (const name of made) expect((await stat(join(root, name))).mode & 0o777).toBe(0o700)
  await chmod(root, 0o755)
  await openLayerStore(root)
  expect((await stat(root)).mode & 0o777).toBe(0o700)
})

describe('importTar', () => {
  it('imports a root file system, plain or compressed, as the same layer once', async () => {
    const plain = await store.importTar('base', await writeArchive(directory, 'a', BASE))
    expect(plain).toMatchObject({
      name: 'base:latest',
      layers: [`sha256:${sha256(BASE)}`],
      size: 3,
      config: { workingDir: '/', user: '', cmd: [], entrypoint: [] },
    })
    expect(plain.config.env['PATH']).toContain('/usr/bin')
    for (const program of ['gzip', 'zstd'] as const) {
      const path = await writeArchive(directory, program, await compressed(BASE, program))
      const image = await store.importTar(`base:${program}`, path)
      expect(image).toMatchObject({ id: plain.id, layers: plain.layers })
    }
    expect(await layers()).toEqual([sha256(BASE)])
    expect(await readdir(join(root, 'tmp'))).toEqual([])
    const [path] = store.layerPaths(plain)
    expect(await readFile(join(path!, 'bin/tool'), 'utf8')).toBe('one')
  })

  it('imports docker save archives', async () => {
    const archive = makeDockerArchive([BASE, UPPER], ['ada/tool:1'])
    for (const [name, bytes] of [
      ['plain', archive],
      ['packed', await compressed(archive, 'gzip')],
    ] as const) {
      const image = await store.importTar(name, await writeArchive(directory, name, bytes))
      expect(image.layers).toEqual([BASE, UPPER].map((layer) => `sha256:${sha256(layer)}`))
      expect(image.config).toEqual({
        env: { PATH: '/bin', GREETING: 'a=b' },
        workingDir: '/work',
        user: 'ada',
        entrypoint: ['/entry'],
        cmd: ['sh'],
      })
      expect(store.layerPaths(image)[0]).toContain(sha256(UPPER))
    }
    expect(await readdir(join(root, 'tmp'))).toEqual([])
  })

  it('imports OCI archives with plain and compressed layers', async () => {
    const blobs = [await compressed(BASE, 'gzip'), await compressed(UPPER, 'zstd')]
    const archive = makeOciArchive([BASE, UPPER], blobs)
    const image = await store.importTar('oci', await writeArchive(directory, 'oci.tar', archive))
    expect(image.layers).toEqual([BASE, UPPER].map((layer) => `sha256:${sha256(layer)}`))
    expect(image.config.user).toBe('ada')
  })

  it('shows, mounted with overlayfs as sandboxes do, what the image means', async () => {
    const lower = makeTar([
      { path: 'keep' },
      { path: 'gone' },
      { path: 'hidden/old' },
      { path: 'merged/old' },
    ])
    const upper = makeTar([
      { path: '.wh.gone' },
      { path: 'hidden/.wh..wh..opq' },
      { path: 'hidden/new' },
      { path: 'merged/new' },
    ])
    const archive = makeDockerArchive([lower, upper], ['x'])
    const image = await store.importTar('x', await writeArchive(directory, 'x.tar', archive))
    const lowerdir = store.layerPaths(image).join(':')
    await mkdir(join(directory, 'mnt'))
    const mount = `mount -t overlay overlay -o userxattr,lowerdir=${lowerdir} mnt && find mnt | sort`
    const found = await sh(directory, `unshare --mount sh -ec '${mount}'`)
    expect(found.split('\n').slice(1, -1)).toEqual(
      ['hidden', 'hidden/new', 'keep', 'merged', 'merged/new', 'merged/old'].map((p) => `mnt/${p}`),
    )
  })

  it('shows a layer that an image has twice once', async () => {
    const archive = makeDockerArchive([BASE, UPPER, BASE], ['x'])
    const image = await store.importTar('x', await writeArchive(directory, 'x.tar', archive))
    expect(image.layers).toHaveLength(3)
    const hex = store.layerPaths(image).map((path) => path.split('/').at(-2))
    expect(hex).toEqual([sha256(BASE), sha256(UPPER)])
  })

  it('refuses layers and blobs that are not what they should be, and keeps nothing of them', async () => {
    const config = makeImageFile([BASE])
    const wrong = await writeArchive(directory, 'w', makeOciArchive([BASE], [UPPER], config))
    await expect(store.importTar('x', wrong)).rejects.toMatchObject({ code: 'SP_LAYER_DIGEST' })
    const bytes = makeOciArchive([BASE])
    bytes.write('linUx', bytes.indexOf('"os":"linux","config"') + 6)
    const changed = await writeArchive(directory, 'c', bytes)
    await expect(store.importTar('x', changed)).rejects.toMatchObject({ code: 'SP_IMAGE_INVALID' })
    expect(await layers()).toEqual([])
    expect(await store.list()).toEqual([])
    expect(await readdir(join(root, 'tmp'))).toEqual([])
  })

  it('says what is wrong with other files', async () => {
    const cases = [
      ['text', Buffer.from('hello '.repeat(1000)), 'SP_LAYER_INVALID'],
      ['empty', Buffer.alloc(0), 'SP_IMAGE_INVALID'],
      ['cut', BASE.subarray(0, 1100), 'SP_LAYER_INVALID'],
      ['cut.gz', (await compressed(BASE, 'gzip')).subarray(0, 60), 'SP_LAYER_INVALID'],
      ['several', twoImages(), 'SP_IMAGE_INVALID'],
    ] as const
    for (const [name, bytes, code] of cases) {
      const path = await writeArchive(directory, name, bytes)
      await expect(store.importTar('x', path)).rejects.toMatchObject({ code })
    }
    for (const path of ['/nonexistent', directory]) {
      await expect(store.importTar('x', path)).rejects.toMatchObject({ code: 'SP_IMAGE_INVALID' })
    }
    await expect(store.importTar('No Name', '/x')).rejects.toMatchObject({ code: 'SP_IMAGE_NAME' })
    expect(await readdir(join(root, 'tmp'))).toEqual([])
  })
})

/** A docker archive with two images, neither of which has the name that is asked for. */
function twoImages(): Buffer {
  const manifest = ['a', 'b'].map((tag) => ({ Config: 'c', RepoTags: [tag], Layers: ['l'] }))
  return makeTar([{ path: 'manifest.json', content: JSON.stringify(manifest) }])
}

describe('importDirectory', () => {
  it('gives the same layer for the same content', async () => {
    const source = join(directory, 'source')
    await mkdir(join(source, 'sub'), { recursive: true })
    await writeFile(join(source, 'sub/file'), 'x')
    await writeFile(join(source, '.hidden'), 'y')
    await sh(source, 'chown 12:34 sub/file; chmod 4711 sub/file; ln -s /x link; mkfifo fifo')
    const first = await store.importDirectory('a', source)
    await sh(directory, 'cp -a source copy')
    expect((await store.importDirectory('b', join(directory, 'copy'))).id).toBe(first.id)
    await writeFile(join(source, 'sub/file'), 'z')
    expect((await store.importDirectory('c', source)).id).not.toBe(first.id)
    const [path] = store.layerPaths(first)
    expect(await sh(path!, 'stat -c "%a %u %g" sub/file; readlink link; ls -A')).toBe(
      '4711 12 34\n/x\n.hidden\nfifo\nlink\nsub\n',
    )
  })

  it('leaves sockets out', async () => {
    const source = join(directory, 'source')
    await mkdir(source)
    const server = createServer().listen(join(source, 'socket'))
    await once(server, 'listening')
    await writeFile(join(source, 'file'), '')
    const image = await store.importDirectory('a', source)
    server.close()
    expect(await readdir(store.layerPaths(image)[0]!)).toEqual(['file'])
  })

  it('says that there is no such directory', async () => {
    const importing = store.importDirectory('a', join(directory, 'none'))
    await expect(importing).rejects.toMatchObject({ code: 'SP_LAYER_TOOL' })
  })
})

describe('importBusybox', () => {
  it('makes a root that works, the same each time', async () => {
    const image = await store.importBusybox('busybox')
    expect(await store.importBusybox('busybox:again')).toMatchObject({ id: image.id })
    const [path] = store.layerPaths(image)
    const script = '/usr/bin/env sh -c "ls / | head -2; id -un; stat -c %a /tmp /etc/passwd"'
    const chroot = `chroot ${path!} /bin/sh -c '${script}'`
    expect(await sh(directory, `env -i PATH=/bin:/usr/sbin ${chroot}`)).toBe(
      'bin\ndev\nroot\n1777\n644\n',
    )
  })
})

describe('the store', () => {
  it('finds images by any form of their name, and lists them', async () => {
    const file = await writeArchive(directory, 'a', BASE)
    const image = await store.importTar('docker.io/library/zebra', file)
    await store.importTar('ant:1', file)
    for (const name of ['zebra', 'zebra:latest', 'library/zebra']) {
      expect(await store.find(name)).toEqual(image)
    }
    expect((await store.list()).map(({ name }) => name)).toEqual(['ant:1', 'zebra:latest'])
    expect(await store.find('zebra:2')).toBeNull()
    await expect(store.find('../x')).rejects.toMatchObject({ code: 'SP_IMAGE_NAME' })
    expect(await (await openLayerStore(root)).find('zebra')).toEqual(image)
  })

  it('replaces what a name stands for', async () => {
    await store.importTar('a', await writeArchive(directory, '1', BASE))
    const second = await store.importTar('a', await writeArchive(directory, '2', UPPER))
    expect(await store.find('a')).toEqual(second)
  })

  it('removes the layers that no image uses any more', async () => {
    const both = makeDockerArchive([BASE, UPPER], ['x'])
    await store.importTar('both', await writeArchive(directory, '1', both))
    await store.importTar('base', await writeArchive(directory, '2', BASE))
    expect(await store.remove('both')).toBe(true)
    expect(await layers()).toEqual([sha256(BASE)])
    expect(await store.remove('both')).toBe(false)
    expect(await store.remove('base')).toBe(true)
    expect(await layers()).toEqual([])
    expect(await readdir(join(root, 'tmp'))).toEqual([])
  })

  it('has no image whose layer is gone or half there, and can import it again', async () => {
    const file = await writeArchive(directory, '1', BASE)
    const image = await store.importTar('a', file)
    await rm(join(root, 'layers/sha256', sha256(BASE), 'layer.json'))
    expect(await store.find('a')).toBeNull()
    expect(await store.importTar('a', file)).toMatchObject({ id: image.id })
    expect(await store.find('a')).not.toBeNull()
    await writeFile(join(root, 'images/docker.io%2Flibrary%2Fa%3Alatest.json'), '{"id":')
    expect(await store.find('a')).toBeNull()
  })

  it('takes the same image many times at once, while others are removed', async () => {
    const stores = await Promise.all([0, 1, 2].map(() => openLayerStore(root)))
    const both = await writeArchive(directory, '1', makeDockerArchive([BASE, UPPER], ['x']))
    const base = await writeArchive(directory, '2', BASE)
    await store.importTar('victim', both)
    await Promise.all([
      ...stores.flatMap((one, at) => [
        one.importTar(`both:${String(at)}`, both),
        one.importTar(`base:${String(at)}`, base),
      ]),
      store.remove('victim'),
    ])
    for (const { name } of await store.list()) expect(await store.find(name)).not.toBeNull()
    expect(await store.list()).toHaveLength(6)
    expect((await layers()).sort()).toEqual([sha256(BASE), sha256(UPPER)].sort())
  })

  it('removes what a killed importer left, and nothing of one that runs', async () => {
    const { startTime, bootId, pidNamespace } = await ownIdentity()
    const child = spawn('sleep', ['60'])
    const stat = await readFile(`/proc/${String(child.pid)}/stat`, 'utf8')
    const childStart = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    const rest = [bootId, encodeURIComponent(pidNamespace), 'x']
    const mine = [process.pid, startTime, ...rest].join('_')
    const other = [child.pid, childStart, ...rest].join('_')
    for (const name of [mine, other, 'garbage']) {
      await mkdir(join(root, 'tmp', name, 'fs'), { recursive: true })
    }
    await openLayerStore(root)
    expect((await readdir(join(root, 'tmp'))).sort()).toEqual([mine, other].sort())
    child.kill('SIGKILL')
    await once(child, 'close')
    await openLayerStore(root)
    expect(await readdir(join(root, 'tmp'))).toEqual([mine])
  })

  it('is the same store after it has been moved', async () => {
    const image = await store.importTar('a', await writeArchive(directory, '1', BASE))
    await cp(root, join(directory, 'moved'), { recursive: true })
    const moved = await openLayerStore(join(directory, 'moved'))
    expect(await moved.find('a')).toEqual(image)
    expect(moved.layerPaths(image)[0]).toContain(join(directory, 'moved'))
  })
})
