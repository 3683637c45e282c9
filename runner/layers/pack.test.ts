import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createServer } from 'node:net'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { layerProgram } from './layer-program.js'
import { packTree } from './pack.js'
import type { PackOptions } from './pack.js'
import { streamInput } from './tar/input.js'
import { readEntry } from './tar/read.js'
import { padding } from './tar/entry.js'
import { makeTemporaryDirectory, removeDirectory, sh } from './testing/archives.js'

let directory = ''
let tree = ''

beforeEach(async () => {
  directory = await makeTemporaryDirectory()
  tree = join(directory, 'tree')
  await mkdir(tree)
})
afterEach(() => removeDirectory(directory))

async function pack(options: PackOptions = {}): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of packTree(tree, options)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

interface Listed {
  readonly path: string
  readonly type: string
  readonly body: string
}

async function list(options: PackOptions = {}): Promise<readonly Listed[]> {
  const bytes = await pack(options)
  const input = streamInput(
    (async function* () {
      yield await Promise.resolve(bytes)
    })(),
    () => undefined,
  )
  const found: Listed[] = []
  for (let entry = await readEntry(input); entry !== null; entry = await readEntry(input)) {
    let body = entry.linkPath
    await input.forward(entry.size, (chunk) => Promise.resolve(void (body += chunk.toString())))
    await input.skip(padding(entry.size))
    found.push({ ...entry, body })
  }
  return found
}

const names = (entries: readonly Listed[]): readonly string[] => entries.map(({ path }) => path)

describe('packTree', () => {
  it('writes what GNU tar unpacks to the same tree', async () => {
    const long = `${'n'.repeat(120)}/${'m'.repeat(120)}`
    await sh(
      tree,
      `mkdir -p b ${long}; printf one >a; ln a b/hard; ln -s ../a b/link; mkfifo b/fifo; ln -s x lonely
       ln -s ${'t'.repeat(200)} ${long}/long; printf 2 >"$(printf 'new\\nline')"; printf 3 >"$(printf '\\377')"
       chmod 4711 a; chown 3000000:5 b; chmod 1777 b; touch -d @-5.25 lonely a; touch -h -d @1.5 b/link
       touch -d @9000000000 b/hard; setcap cap_net_raw=ep b/hard; touch -d @7.000000001 b; truncate -s 70000 holes`,
    )
    await writeFile(join(directory, 'tree.tar'), await pack({ withRoot: true }))
    await sh(
      directory,
      "mkdir out; tar --xattrs --xattrs-include='*' -xpf tree.tar -C out --numeric-owner",
    )
    const about = `find . -printf '%P %y %#m %U:%G %s %T@ %n %l\\n' | sort; getcap -r . | sort
      find . -type f -exec sha256sum {} + | sort`
    expect(await sh(join(directory, 'out'), about)).toBe(await sh(tree, about))
    expect(await sh(tree, about)).toMatch(/cap_net_raw/)
  })

  it('writes the same bytes for the same tree, sorted by name', async () => {
    await sh(tree, 'mkdir b c; touch -d @1 z a.b b/x a ab "a b" c; touch -d @1 b c')
    const first = await pack()
    await sh(directory, 'cp -a tree copy; rm -r tree; mv copy tree')
    expect(await pack()).toEqual(first)
    expect(names(await list())).toEqual(['a', 'a b', 'a.b', 'ab', 'b/', 'b/x', 'c/', 'z'])
    await sh(tree, 'touch -d @2 z')
    expect(await pack()).not.toEqual(first)
    await sh(tree, 'touch -d @3 b/x')
    expect(await pack({ noTimes: true })).not.toEqual(first)
    await sh(tree, 'touch -d @0 a a.b ab "a b" b b/x c z')
    expect(await pack({ noTimes: true })).toEqual(await pack())
  })

  it('leaves sockets and devices out', async () => {
    const server = createServer().listen(join(tree, 'socket'))
    await new Promise((resolve) => server.once('listening', resolve))
    await sh(tree, 'mknod null c 1 3; mknod gone c 0 0; touch file')
    expect(names(await list())).toEqual(['file'])
    server.close()
  })

  it('takes ids of a range down, and refuses others by the name of the file', async () => {
    await sh(tree, 'mkdir d; touch d/a; chown 5000:5003 d/a; chown 5000:5000 d')
    expect(await list({ ids: { start: 5000, count: 4 } })).toMatchObject([
      { path: 'd/', uid: 0, gid: 0 },
      { path: 'd/a', uid: 0, gid: 3 },
    ])
    for (const ids of [
      { start: 5000, count: 3 },
      { start: 5001, count: 9 },
    ]) {
      await expect(list({ ids })).rejects.toMatchObject({
        code: 'SP_LAYER_TOOL',
        message: expect.stringMatching(
          /"d(\/a)?" belongs to an id outside of the range/,
        ) as unknown,
      })
    }
    expect(await list({ owner: { uid: 7, gid: 8 } })).toMatchObject([{ uid: 7, gid: 8 }, {}])
  })

  it('puts files below a prefix, with the directory itself when it is asked for', async () => {
    await sh(tree, 'touch a; ln a b')
    const found = await list({ prefix: '/usr/../srv//x/', withRoot: true })
    expect(names(found)).toEqual(['srv/x/', 'srv/x/a', 'srv/x/b'])
    expect(found[2]).toMatchObject({ type: 'link', body: 'srv/x/a' })
    expect(names(await list({ withRoot: true }))).toEqual(['./', 'a', 'b'])
  })

  it('makes whiteouts of the marks of an overlay', async () => {
    await sh(
      directory,
      `mkdir lower work merged lower/emptied lower/kept; touch lower/gone lower/emptied/old lower/kept/old
       unshare --mount --propagation private sh -ec '
         mount -t overlay -o userxattr,lowerdir=lower,upperdir=tree,workdir=work overlay merged
         rm merged/gone merged/kept/old
         rm -r merged/emptied; mkdir merged/emptied; touch merged/emptied/new merged/kept/new'`,
    )
    const marks = ['.wh.gone', 'emptied/.wh..wh..opq', 'kept/.wh.old']
    const found = names(await list({ overlay: true }))
    expect(found).toEqual([
      ...['emptied/', 'emptied/.wh..wh..opq', 'emptied/new', '.wh.gone'],
      ...['kept/', 'kept/new', 'kept/.wh.old'],
    ])
    expect(found).toEqual(expect.arrayContaining(marks))
    expect(await list({ overlay: true })).toMatchObject(found.map(() => ({ xattrs: new Map() })))
    const plain = names(await list())
    for (const mark of marks) expect(plain).not.toContain(mark)
  })

  it('refuses names that would be whiteouts, and what is not there', async () => {
    await expect(list({ prefix: 'x' })).resolves.toEqual([])
    await sh(tree, 'touch .wh.passwd')
    await expect(list()).rejects.toMatchObject({
      message: expect.stringContaining('".wh.passwd" has a name') as unknown,
    })
    tree = join(directory, 'missing')
    await expect(list()).rejects.toMatchObject({
      code: 'SP_LAYER_TOOL',
      message: expect.stringContaining('ENOENT') as unknown,
    })
  })

  it('does not go where other file systems are mounted, nor out by links', async () => {
    await writeFile(join(directory, 'secret'), 'outside')
    await sh(tree, 'mkdir mounted; ln -s ../secret link; ln -s .. up')
    expect(await list()).toMatchObject([
      { path: 'link', type: 'symlink' },
      { path: 'mounted/' },
      { path: 'up', type: 'symlink', body: '..' },
    ])
    const script = `mount -t tmpfs none tree/mounted; touch tree/mounted/inside; ls tree/mounted
      ${layerProgram()} pack tree | tar t`
    const seen = await sh(directory, `unshare --mount sh -ec '${script}'`)
    expect(seen).toBe('inside\nlink\nmounted/\nup\n')
  })

  it('ends when it is aborted, or when nobody reads on', async () => {
    await sh(tree, 'truncate -s 100M large')
    const controller = new AbortController()
    const aborted = (async () => {
      for await (const _chunk of packTree(tree, { signal: controller.signal })) controller.abort()
    })()
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' })
    for await (const chunk of packTree(tree)) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
  })
})
