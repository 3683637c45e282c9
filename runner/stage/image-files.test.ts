import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { DEFAULT_LAYER_LIMITS } from '../layers/limits.js'
import { makeTar } from '../layers/testing/archives.js'
import { unpackLayer } from '../layers/unpack.js'
import { ImageFiles } from './image-files.js'

let directory: string
let files: ImageFiles

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'sandpiper-layers-'))
  const layers = ['top', 'middle', 'bottom'].map((name) => path.join(directory, name))
  for (const layer of layers) await mkdir(path.join(layer, 'etc'), { recursive: true })
  files = new ImageFiles(layers)
})

afterEach(() => rm(directory, { recursive: true }))

async function put(name: string, content: string): Promise<void> {
  const file = path.join(directory, name)
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, content)
}

async function link(name: string, target: string): Promise<void> {
  const file = path.join(directory, name)
  await mkdir(path.dirname(file), { recursive: true })
  await symlink(target, file)
}

const read = (name: string): Promise<string | null> => files.read(name, 100)

describe('ImageFiles', () => {
  it('merges directories and takes the topmost file', async () => {
    await put('bottom/etc/a', 'low')
    await put('bottom/etc/b', 'only')
    await put('middle/etc/a', 'high')
    expect(await read('/etc/a')).toBe('high')
    expect(await read('//etc/./x/../b')).toBe('only')
    expect(await files.find('/etc')).toEqual({ kind: 'directory' })
    expect(await read('/etc')).toBeNull()
    expect(await read('/etc/none')).toBeNull()
  })

  it('hides what is removed, and what lies below something that is no directory', async () => {
    await put('bottom/etc/gone', 'text')
    await put('bottom/opt/a/file', 'text')
    await put('middle/opt/a', 'a file now')
    await put('top/opt/a/other', 'a directory again')
    await promisify(execFile)('mknod', [path.join(directory, 'top/etc/gone'), 'c', '0', '0'])
    expect(await read('/etc/gone')).toBeNull()
    expect(await read('/opt/a/file')).toBeNull()
    expect(await read('/opt/a/other')).toBe('a directory again')
  })

  it('shows nothing of lower layers in an opaque directory', async () => {
    await put('bottom/opt/sub/old', 'text')
    await put('bottom/opt/low', 'text')
    await put('bottom/var/old', 'text')
    await rm(path.join(directory, 'top'), { recursive: true })
    const entries = ['opt/.wh..wh..opq', 'opt/sub/new', 'var/new'].map((name) => ({ path: name }))
    const archive = Readable.from([makeTar(entries)])
    await unpackLayer(archive, path.join(directory, 'top'), DEFAULT_LAYER_LIMITS)
    expect(await files.find('/opt/sub')).toEqual({ kind: 'directory' })
    expect(await read('/opt/sub/new')).toBe('')
    expect(await read('/opt/sub/old')).toBeNull()
    expect(await read('/opt/low')).toBeNull()
    expect(await read('/var/old')).toBe('text')
  })

  it('follows links through all layers, inside of them', async () => {
    await link('top/etc/passwd', '../lib/passwd')
    await link('middle/lib', '/usr/lib')
    await put('bottom/usr/lib/passwd', 'inside')
    expect(await read('/etc/passwd')).toBe('inside')
  })

  it('never follows one out of the root', async () => {
    await put('outside', 'secret')
    await link('top/etc/up', '../../../../../../../outside')
    await link('top/etc/absolute', path.join(directory, 'outside'))
    await link('top/etc/dir', directory)
    await link('bottom/escape', '../..')
    await put('top/escape/file', 'fine')
    expect(await read('/etc/up')).toBeNull()
    expect(await read('/etc/absolute')).toBeNull()
    expect(await read('/etc/dir/outside')).toBeNull()
    expect(await read('/escape/file')).toBe('fine')
    expect(await read(`/escape/${path.basename(directory)}/outside`)).toBeNull()
  })

  it('gives up on loops and on what grows', async () => {
    await link('top/etc/loop', 'loop')
    await link('top/etc/a', `${'a/'.repeat(30)}x`)
    expect(await files.find('/etc/loop')).toBeNull()
    expect(await files.find('/etc/a')).toBeNull()
  })

  it('reads regular files only, and none that are too large', async () => {
    await promisify(execFile)('mkfifo', [path.join(directory, 'top/etc/pipe')])
    await put('top/etc/large', 'x'.repeat(101))
    expect(await read('/etc/pipe')).toBeNull()
    expect(await files.find('/etc/pipe')).toEqual({ kind: 'other' })
    expect(await read('/etc/large')).toBeNull()
  })

  it('tells what may be executed', async () => {
    await put('top/bin/tool', '')
    await chmod(path.join(directory, 'top/bin/tool'), 0o750)
    await put('top/bin/text', '')
    expect(await files.find('/bin/tool')).toMatchObject({ isExecutable: true })
    expect(await files.find('/bin/text')).toMatchObject({ isExecutable: false })
  })

  it('tells where a path leads, also when it is not there yet', async () => {
    await link('top/var', 'srv')
    await link('middle/srv/run', '/run')
    await link('top/loop', 'loop')
    expect(await files.resolve('/var/run//sandpiper/./x/')).toBe('/run/sandpiper/x')
    expect(await files.resolve('/new/../var/data')).toBe('/srv/data')
    expect(await files.resolve('/etc/../..')).toBe('/')
    expect(await files.resolve('/loop/x')).toBeNull()
  })
})
