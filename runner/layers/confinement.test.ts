import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { lstat, mkdir, open, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildDirectory } from '../../native/lib/addon.js'
import { until } from '../testing/until.js'
import { encodeRecord, RECORD, type LayerRecord } from './layer-records.js'
import { layerProgram } from './layer-program.js'
import { makeTemporaryDirectory, removeDirectory, sh } from './testing/archives.js'

// What is tried here gets past the filter in TypeScript: the program must hold all the same.

let directory = ''
let target = ''
let outside = ''
beforeEach(async () => {
  directory = await makeTemporaryDirectory()
  target = join(directory, 'fs')
  outside = join(directory, 'outside')
  await mkdir(target)
  await mkdir(outside)
  await writeFile(join(outside, 'secret'), 'untouched')
})
const children: ChildProcess[] = []
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await removeDirectory(directory)
})

interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly said: string
}

async function endOf(child: ChildProcess): Promise<Ended> {
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  return { code, signal, said }
}

/** Feeds the program records as they are. */
async function feed(records: readonly (LayerRecord | Buffer)[]): Promise<Ended> {
  const child = spawn(layerProgram(), ['unpack', target], { stdio: ['pipe', 'ignore', 'pipe'] })
  child.stdin.on('error', () => undefined)
  for (const record of records) {
    child.stdin.write(Buffer.isBuffer(record) ? record : encodeRecord(record))
  }
  child.stdin.end()
  return endOf(child)
}

const END = { type: RECORD.end }
const FILE = { type: RECORD.file, mode: 0o644, size: 1, data: 1 }
const X = Buffer.from('x')

async function expectUntouched(): Promise<void> {
  expect(await readdir(outside)).toEqual(['secret'])
  expect(await readFile(join(outside, 'secret'), 'utf8')).toBe('untouched')
  const { nlink, mode, uid } = await lstat(join(outside, 'secret'))
  expect([nlink, mode & 0o777, uid]).toEqual([1, 0o644, 0])
  expect((await readdir(directory)).sort()).toEqual(['fs', 'outside'])
}

describe('records that lie', () => {
  it('do what they say when they do not', async () => {
    const root = { type: RECORD.directory, path: '', mode: 0o755 }
    expect(await feed([root, { ...FILE, path: 'a' }, X, END])).toEqual({
      code: 0,
      signal: null,
      said: '',
    })
    expect(await readFile(join(target, 'a'), 'utf8')).toBe('x')
  })

  it('make nothing outside by their names', async () => {
    const paths = ['../outside/new', `${outside}/new`, '/new', '..', '.', '', 'a/..', 'd/../../x']
    const names = [
      ...paths,
      '../outside/secret',
      `${outside}/secret`,
      'x\0y',
      'd/./..//../outside/x',
    ]
    for (const path of names) {
      for (const type of Object.values(RECORD).filter((one) => one !== RECORD.end)) {
        // The root itself is the only directory that has no name.
        if (path === '' && [RECORD.directory, RECORD.opaque].some((one) => one === type)) continue
        const record = { ...FILE, type, path, target: 'd' }
        const ended = await feed([{ type: RECORD.directory, path: 'd' }, record, X, END])
        expect([path, type, ended.code]).toEqual([path, type, 1])
        await expectUntouched()
        await removeDirectory(target)
        await mkdir(target)
      }
    }
  })

  it('write nothing outside through links, whatever they do with them', async () => {
    const up = '../'.repeat(10) + outside
    for (const to of [outside, up, `${outside}/secret`, '/proc/self/root', '/']) {
      const link = { type: RECORD.symlink, path: 'a', target: to }
      const others: readonly (LayerRecord | Buffer)[][] = [
        [{ ...FILE, path: 'a/new' }, X],
        [{ ...FILE, path: 'a' }, X],
        [{ type: RECORD.directory, path: 'a', mode: 0o777, uid: 7 }],
        [{ type: RECORD.directory, path: 'a/new' }],
        [{ type: RECORD.remove, path: 'a/secret' }],
        [{ type: RECORD.whiteout, path: 'a/secret' }],
        [{ type: RECORD.link, path: 'b', target: 'a/secret' }],
        [{ type: RECORD.link, path: 'b', target: '../outside/secret' }],
        [{ type: RECORD.link, path: 'b', target: `${outside}/secret` }],
        [{ type: RECORD.symlink, path: 'a/new', target: 'x' }],
        [{ type: RECORD.fifo, path: 'a/new' }],
        [{ type: RECORD.opaque, path: 'a' }],
      ]
      for (const records of others) {
        expect((await feed([link, ...records, END])).code).toBe(1)
        await expectUntouched()
        await removeDirectory(target)
        await mkdir(target)
      }
    }
  })

  it('remove a link, not what it leads to, and what is below a directory', async () => {
    const ended = await feed([
      { type: RECORD.directory, path: 'd', mode: 0 },
      { type: RECORD.symlink, path: 'd/a', target: outside },
      { type: RECORD.directory, path: 'd/e', mode: 0 },
      { ...FILE, path: 'd/e/f' },
      X,
      { type: RECORD.remove, path: 'd' },
      { ...FILE, path: 'd' },
      X,
      { type: RECORD.directory, path: '', mode: 0o755 },
      END,
    ])
    expect(ended.said).toBe('')
    expect(await readFile(join(target, 'd'), 'utf8')).toBe('x')
    await expectUntouched()
  })

  it('are refused when they are broken, cut short or of no kind', async () => {
    const huge = encodeRecord({ ...FILE, path: 'a' })
    huge.writeUInt32LE(0xffff_fff0, 28)
    const broken = encodeRecord({ ...FILE, path: 'a', xattrs: new Map([['user.a', 'b']]) })
    broken.writeUInt32LE(0xffff_ffff, 64 + 1)
    const streams: readonly (LayerRecord | Buffer)[][] = [
      [],
      [X],
      [{ ...FILE, path: 'a' }, X],
      [{ ...FILE, path: 'a', data: 5 }, X, END],
      [huge, END],
      [broken, X, END],
      [{ type: 77 as never, path: 'a' }, END],
      [{ type: RECORD.data, data: 1, offset: 5 }, X, END],
      [Buffer.alloc(64), END],
      [Buffer.alloc(100_000, 0xff)],
    ]
    for (const records of streams) expect((await feed(records)).code).toBe(1)
    await expectUntouched()
  })

  it('make no entry where one is', async () => {
    const entries = [RECORD.file, RECORD.symlink, RECORD.fifo, RECORD.whiteout, RECORD.link]
    for (const type of entries) {
      const again = { ...FILE, type, path: 'a', target: 'b' }
      const ended = await feed([
        { ...FILE, path: 'b' },
        X,
        { ...FILE, path: 'a' },
        X,
        again,
        X,
        END,
      ])
      expect(ended).toMatchObject({
        code: 1,
        said: expect.stringContaining('"errno":17') as unknown,
      })
      await removeDirectory(target)
      await mkdir(target)
    }
  })

  it('make no device but overlayfs’s mark', async () => {
    const ended = await feed([{ type: RECORD.whiteout, path: 'w', mode: 0o60666 }, END])
    expect(ended.code).toBe(0)
    const { rdev, mode } = await lstat(join(target, 'w'))
    expect([rdev, mode & 0o170000]).toEqual([0, 0o20000])
  })
})

/** What it is that keeps it: by errno or signal. */
const KEPT: readonly (readonly [string, string, string, string])[] = [
  ['read-host-file', 'ENOENT', 'ENOENT', 'SIGSYS'],
  ['read-above', 'ENOENT', 'ENOENT', 'SIGSYS'],
  ['read-parent', 'ENOENT', 'ENOENT', 'SIGSYS'],
  ['follow-link', 'SIGSYS', 'ELOOP', 'SIGSYS'],
  ['write-file', 'EROFS', 'done', 'SIGSYS'],
  ['give-away', 'SIGSYS', 'done', 'SIGSYS'],
  ...['open-plain', 'device', 'socket', 'execute', 'fork', 'trace', 'mount', 'kill'].map(
    (name) => [name, 'SIGSYS', 'SIGSYS', 'SIGSYS'] as const,
  ),
  ['executable-memory', 'SIGSYS', 'SIGSYS', 'SIGSYS'],
]
const ERRNOS: Readonly<Record<number, string>> = {
  0: 'done',
  2: 'ENOENT',
  30: 'EROFS',
  40: 'ELOOP',
}

describe('the program, confined', () => {
  it.each(KEPT)('can not %s (as reader %s, as writer %s, as filter %s)', async (name, ...kept) => {
    const program = join(buildDirectory(), 'layer-attempt')
    const attempt = async (as: string): Promise<string> => {
      await removeDirectory(target)
      await mkdir(target)
      // The one that is not confined mounts over "/": not on the host.
      const args = ['--mount', '--propagation', 'private', '--', program, as, target, name]
      const child = spawn('unshare', args, { stdio: 'ignore' })
      const { code, signal } = await endOf(child)
      return signal ?? ERRNOS[code ?? -1] ?? `exit ${String(code)}`
    }
    expect(await attempt('none')).toBe('done')
    const found = []
    for (const as of ['reader', 'writer', 'filter']) found.push(await attempt(as))
    expect(found).toEqual(kept)
  })

  it('sees its directory and nothing else, and has the rights it needs and no others', async () => {
    await writeFile(join(target, 'mine'), '')
    // What it is started with and should not have.
    const more = await open(join(outside, 'secret'))
    const child = spawn(layerProgram(), ['unpack', target], {
      stdio: ['pipe', 'ignore', 'pipe', more.fd],
    })
    await more.close()
    children.push(child)
    const proc = `/proc/${String(child.pid)}`
    const status = (): Promise<string> => readFile(`${proc}/status`, 'utf8')
    await until('it is confined', async () => (await status()).includes('Seccomp:\t2'))
    const text = await status()
    const field = (name: string): string =>
      new RegExp(`^${name}:\t(.*)$`, 'm').exec(text)?.[1] ?? ''
    // CHOWN 0, DAC_OVERRIDE 1, FOWNER 3, FSETID 4, SETFCAP 31.
    const rights = (0x1bn | (1n << 31n)).toString(16).padStart(16, '0')
    expect(['CapPrm', 'CapEff', 'CapBnd'].map(field)).toEqual([rights, rights, rights])
    expect(['CapInh', 'CapAmb'].map(field)).toEqual(['0'.repeat(16), '0'.repeat(16)])
    expect(field('NoNewPrivs')).toBe('1')
    expect(await readdir(`${proc}/root`)).toEqual(['mine'])
    const mounts = (await readFile(`${proc}/mountinfo`, 'utf8')).trim().split('\n')
    expect(mounts).toHaveLength(1)
    expect(mounts[0]).toMatch(/ \/ rw,nosuid,nodev,noexec,.*nosymfollow/)
    for (const name of ['mnt', 'net', 'ipc', 'uts', 'cgroup']) {
      expect(await readlink(`${proc}/ns/${name}`)).not.toBe(await readlink(`/proc/self/ns/${name}`))
    }
    const files = await Promise.all(
      (await readdir(`${proc}/fd`)).map((fd) => readlink(`${proc}/fd/${fd}`)),
    )
    expect(files.filter((file) => !file.startsWith('socket:') && file !== '/')).toEqual([])
    const limits = await readFile(`${proc}/limits`, 'utf8')
    expect(limits).toMatch(/Max processes +0 +0/)
    expect(limits).toMatch(/Max core file size +0 +0/)
    expect(limits).toMatch(/Max open files +32 +32/)
    child.stdin?.end()
    expect((await endOf(child)).code).toBe(1)
  })

  it('ends when whoever started it is killed', async () => {
    const script = `const { spawn } = require('node:child_process')
      const { pid } = spawn(${JSON.stringify(layerProgram())}, ['unpack', ${JSON.stringify(target)}],
        { stdio: ['inherit', 'ignore', 'inherit'] })
      console.log(pid); setInterval(() => {}, 1000)`
    // Open for writing as long as this: it is not the end of the input that ends it.
    await sh(directory, 'mkfifo input')
    const input = await open(join(directory, 'input'), 'r+')
    const parent = spawn(process.execPath, ['-e', script], {
      stdio: [input.fd, 'pipe', 'inherit'],
    })
    children.push(parent)
    const [line] = (await once(parent.stdout!, 'data')) as [Buffer]
    const proc = `/proc/${line.toString().trim()}`
    const status = (): Promise<string> => readFile(`${proc}/status`, 'utf8')
    await until('it is confined', async () => (await status()).includes('Seccomp:\t2'))
    parent.kill('SIGKILL')
    await until('it has ended', () => !existsSync(proc))
    await input.close()
  })

  it('leaves nothing mounted on the host', async () => {
    const before = await readFile('/proc/self/mountinfo', 'utf8')
    await feed([END])
    await sh(directory, `${layerProgram()} pack fs >out.tar; rm out.tar`)
    expect(await readFile('/proc/self/mountinfo', 'utf8')).toBe(before)
    await rm(target, { recursive: true })
  })
})
