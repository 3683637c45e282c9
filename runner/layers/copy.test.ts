import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { layerProgram } from './layer-program.js'
import { makeTemporaryDirectory, removeDirectory, sh } from './testing/archives.js'

const run = promisify(execFile)

let directory = ''
let context = ''

beforeEach(async () => {
  directory = await makeTemporaryDirectory()
  context = join(directory, 'context')
  await mkdir(context)
  await sh(
    context,
    `mkdir -p src/deep docs; printf a >src/a.txt; printf b >src/b.txt; printf c >src/deep/c.md
     printf r >README.md; printf d >docs/d.md; ln -s a.txt src/link; ln -s src alias; ln -s /docs root
     ln -s ../../../../../etc out; printf secret >../secret; chmod 750 src/deep; chown 5:6 src/a.txt`,
  )
})
afterEach(() => removeDirectory(directory))

/** Runs the program without confinement, as in a sandbox, and once more on the host: both are alike. */
async function copy(args: readonly string[]): Promise<Buffer> {
  const all = ['copy', '--context', context, ...args]
  const options = { encoding: 'buffer', maxBuffer: 1 << 26 } as const
  const { stdout } = await run(
    layerProgram(),
    [...all.slice(0, 1), '--inside', ...all.slice(1)],
    options,
  )
  if (!args.includes('--image')) {
    expect((await run(layerProgram(), all, options)).stdout).toEqual(stdout)
  }
  return stdout
}

async function listing(...args: readonly string[]): Promise<readonly string[]> {
  await writeFile(join(directory, 'copy.tar'), await copy(args))
  return (await sh(directory, 'tar -tf copy.tar')).split('\n').slice(0, -1)
}

async function reasonOf(...args: readonly string[]): Promise<unknown> {
  const failure = await copy(args).then(
    () => '',
    (error: unknown) => String((error as { stderr: Buffer }).stderr),
  )
  return JSON.parse(failure) as unknown
}

describe('sandpiper-layer copy', () => {
  it('copies a file to the name that is given, or into a directory', async () => {
    expect(await listing('--to', '/app/x', 'README.md')).toEqual(['app/x'])
    expect(await listing('--to', '/app/', 'README.md')).toEqual(['app/README.md'])
    expect(await listing('--to', '/', './src/../README.md')).toEqual(['README.md'])
    expect(await listing('--to', '/app', 'README.md', '/src/a.txt')).toEqual([
      'app/README.md',
      'app/a.txt',
    ])
  })

  it('copies what is in a directory, with links as they are', async () => {
    const inside = ['a.txt', 'b.txt', 'deep/', 'deep/c.md', 'link'].map((name) => `app/${name}`)
    expect(await listing('--to', '/app', 'src')).toEqual(inside)
    expect(await listing('--to', '/app/', 'src/')).toEqual(inside)
    expect(await sh(directory, 'tar -tvf copy.tar')).toContain('app/link -> a.txt')
    expect(await listing('--to', '/app', 'src', 'docs')).toEqual([...inside, 'app/d.md'])
    expect(await listing('--to', '/app', '.')).toContain('app/src/deep/c.md')
  })

  it('expands patterns as filepath.Match has them', async () => {
    const table: readonly (readonly [string, readonly string[]])[] = [
      ['src/*.txt', ['a.txt', 'b.txt']],
      ['src/[^a].txt', ['b.txt']],
      ['src/[a-b].tx?', ['a.txt', 'b.txt']],
      ['*/*.md', ['d.md']],
      ['s*', ['a.txt', 'b.txt', 'deep/', 'deep/c.md', 'link']],
      ['\\READM*', ['README.md']],
      ['alias/*.txt', ['a.txt', 'b.txt']],
    ]
    for (const [pattern, expected] of table) {
      expect([pattern, await listing('--to', '/', pattern)]).toEqual([pattern, expected])
    }
    expect(await listing('--to', '/', 'nothing*', 'README.md')).toEqual(['README.md'])
    expect(await reasonOf('--to', '/', 'nothing*')).toMatchObject({ call: 'matches nothing' })
    expect(await reasonOf('--to', '/', 'src/[')).toMatchObject({ call: 'is no pattern', path: '[' })
  })

  it('follows links on the way to a source, never out of the context', async () => {
    expect(await listing('--to', '/x/', 'alias/a.txt')).toEqual(['x/a.txt'])
    expect(await listing('--to', '/x/', 'root/d.md')).toEqual(['x/d.md'])
    expect(await listing('--to', '/x/', 'src/link')).toEqual(['x/link'])
    expect(await sh(directory, 'tar -xOf copy.tar x/link')).toBe('a')
    for (const source of [
      'out/passwd',
      '../secret',
      '../../etc/passwd',
      '/etc/passwd',
      'missing',
    ]) {
      expect(await reasonOf('--to', '/x', source)).toEqual({
        errno: 0,
        call: 'is not there to be copied',
        path: source,
      })
    }
  })

  it('leaves out what the .dockerignore says, and takes back in what it excepts', async () => {
    const ignore = async (lines: string): Promise<readonly string[]> => {
      await writeFile(join(context, '.dockerignore'), lines)
      const found = await listing('--ignore', '.dockerignore', '--to', '/', '.')
      return found.filter((name) => !/^(\.dockerignore|alias|root|out)$/.test(name))
    }
    const all = ['README.md', 'docs/', 'docs/d.md', 'src/', 'src/a.txt', 'src/b.txt']
    const rest = ['src/deep/', 'src/deep/c.md', 'src/link']
    expect(await ignore('# nothing\n\n')).toEqual([...all, ...rest])
    expect(await ignore('\uFEFFsrc/\r\n/docs\n')).toEqual(['README.md'])
    expect(await ignore('**/*.md')).toEqual(['docs/', ...all.slice(3), rest[0], rest[2]])
    expect(await ignore('*.md')).toEqual([...all.slice(1), ...rest])
    expect(await ignore('*\n!src/deep/c.md')).toEqual(['src/', ...rest.slice(0, 2)])
    expect(await ignore('*\n!**/*.txt')).toEqual(all.slice(3))
    expect(await ignore('!src\nsrc\n! src/a*\nsrc/a.t?t')).toEqual(all.slice(0, 3))
    expect(await ignore('**')).toEqual([])
    expect(await ignore('src/**/c.md\ndocs/**')).toEqual([
      ...['README.md', 'docs/', ...all.slice(3)],
      ...[rest[0], rest[2]],
    ])
    await writeFile(join(context, '.dockerignore'), 'README.md\nsrc/a.txt')
    const ignored = ['--ignore', '.dockerignore', '--to', '/']
    expect(await listing(...ignored, 'src/*.txt')).toEqual(['b.txt'])
    for (const source of ['README.md', 'alias/a.txt']) {
      expect(await reasonOf(...ignored, source)).toMatchObject({
        call: 'is left out by the .dockerignore',
      })
    }
    expect(await listing('--ignore', 'none', '--to', '/', 'README.md')).toEqual(['README.md'])
  })

  it('gives owners, modes and times as asked', async () => {
    const verbose = async (...args: readonly string[]): Promise<string> => {
      await listing(...args, '--to', '/', 'src')
      return sh(directory, 'TZ=UTC tar --numeric-owner -tvf copy.tar | tr -s " "')
    }
    await sh(context, 'touch -d @86400 src/a.txt')
    expect(await verbose()).toContain('-rw-r--r-- 0/0 1 1970-01-02 00:00 a.txt')
    expect(await verbose('--chown', '7:8')).toContain('drwxr-x--- 7/8')
    expect(await verbose('--chown', 'keep')).toContain('-rw-r--r-- 5/6')
    const chmod = await verbose('--chmod', '0600')
    expect(chmod).toContain('drw------- 0/0')
    expect(chmod).toContain('-rw------- 0/0')
    const before = await copy(['--no-times', '--to', '/', 'src'])
    await sh(context, 'find . -exec touch -h -d @1234.5 {} +')
    expect(await copy(['--no-times', '--to', '/', 'src'])).toEqual(before)
  })

  it('makes the directories that the image lacks, keeps what others have, and follows links', async () => {
    const image = join(directory, 'image')
    await sh(
      directory,
      'mkdir -p image/usr/lib image/dir; ln -s usr/lib image/lib; ln -s /x/y image/z',
    )
    const to = (path: string, ...sources: string[]): Promise<readonly string[]> =>
      listing('--image', image, '--chown', '3:4', '--to', path, ...sources)
    expect(await to('/lib/x', 'README.md')).toEqual(['usr/', 'usr/lib/', 'usr/lib/x'])
    expect(await to('/dir', 'README.md')).toEqual(['dir/', 'dir/README.md'])
    expect(await to('/new/deep/', 'README.md', 'src/a.txt')).toEqual([
      ...['new/', 'new/deep/', 'new/deep/README.md', 'new/deep/a.txt'],
    ])
    await sh(directory, 'chmod 1777 image/usr; chown 5:6 image/usr')
    expect(await to('/lib/app', 'docs')).toEqual([
      ...['usr/', 'usr/lib/', 'usr/lib/app/', 'usr/lib/app/d.md'],
    ])
    expect(await sh(directory, 'tar --numeric-owner -tvf copy.tar | tr -s " "')).toMatch(
      /^drwxrwxrwt 5\/6 .* usr\/\ndrwxr-xr-x 0\/0 .* usr\/lib\/\ndrwxr-xr-x 3\/4 .* usr\/lib\/app\/\n/,
    )
    expect(await to('/z/../w', 'README.md')).toEqual(['x/', 'x/w'])
    expect(await to('/../../dir/', 'README.md')).toEqual(['dir/', 'dir/README.md'])
  })

  it('tells failures in the file that is named for them', async () => {
    const errors = join(directory, 'errors')
    const args = ['copy', '--inside', '--errors', errors, '--context', context]
    await expect(run(layerProgram(), [...args, '--to', '/', 'nope'])).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: '',
    })
    expect(JSON.parse(await readFile(errors, 'utf8'))).toMatchObject({ path: 'nope' })
    for (const wrong of [['--to', '/'], ['a'], ['--to', '/', '--chmod', 'u+x', 'a'], ['--what']]) {
      await expect(run(layerProgram(), [...args, ...wrong])).rejects.toMatchObject({ code: 2 })
    }
  })
})

describe('sandpiper-layer cat', () => {
  const cat = async (...args: readonly string[]): Promise<string> =>
    (await run(layerProgram(), ['cat', '--context', context, ...args])).stdout

  it('prints a file below the context, and nothing else', async () => {
    expect(await cat('alias/link')).toBe('a')
    expect(await cat('--bytes-max', '1', '/README.md')).toBe('r')
    await expect(cat('--bytes-max', '0', 'README.md')).rejects.toMatchObject({
      stderr: '{"errno":0,"call":"is too large","path":"README.md"}\n',
    })
    for (const path of ['out/passwd', '../secret', 'missing']) {
      await expect(cat(path)).rejects.toMatchObject({
        stderr: expect.stringContaining('"errno":2') as unknown,
      })
    }
    await sh(context, 'mkfifo fifo')
    for (const path of ['src', 'fifo']) {
      await expect(cat(path)).rejects.toMatchObject({
        stderr: expect.stringContaining('is no file') as unknown,
      })
    }
  })
})
