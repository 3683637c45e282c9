import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { existsSync } from 'node:fs'
import {
  chmod,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { createMirrors } from './mirrors.js'
import {
  commitTree,
  git,
  hashObject,
  makeRepo,
  makeTemporaryDirectory,
  removeDirectory,
} from './testing/repo.js'
import type { TestRepo } from './testing/repo.js'
import { serveGitHttp } from './testing/servers.js'
import type { CheckoutOptions } from './types.js'

const MAIN = 'refs/heads/main'

let directory = ''
let target = ''
let repo: TestRepo

beforeEach(async () => {
  directory = await makeTemporaryDirectory()
  target = join(directory, 'checkout')
  repo = await makeRepo(directory)
})
afterEach(() => removeDirectory(directory))

/** Fetches and checks out, and resolves with what was printed. */
async function checkout(
  commit: string,
  options: Partial<CheckoutOptions> = {},
  { cloneUrl = repo.bare, submoduleHosts = [] as readonly string[] } = {},
): Promise<string> {
  const mirrors = createMirrors(join(directory, 'mirrors'), { submoduleHosts })
  const mirror = mirrors.open({ id: 1, slug: 'ada/repo', cloneUrl, allowFileTransport: true })
  const depth = options.depth ?? 50
  await mirror.fetchCommit(commit, MAIN, { depth })
  let output = ''
  const onOutput = (text: string): void => void (output += text)
  await mirror.checkout(target, { commit, depth, submodules: false, onOutput, ...options })
  return output
}

describe('checkout', () => {
  it('has the files as they were committed, and a clean status', async () => {
    await mkdir(join(repo.work, 'bin'))
    await writeFile(join(repo.work, 'bin/tool'), '#!/bin/sh\n')
    await chmod(join(repo.work, 'bin/tool'), 0o755)
    await symlink('/etc/passwd', join(repo.work, 'link'))
    const commit = await repo.commit({ 'a b/ü': 'text' })
    const output = await checkout(commit, { ref: MAIN })
    expect(output).toContain(`Checked out ${commit} as main\n`)
    expect(await readFile(join(target, 'a b/ü'), 'utf8')).toBe('text')
    expect((await lstat(join(target, 'bin/tool'))).mode & 0o111).toBe(0o111)
    expect(await readlink(join(target, 'link'))).toBe('/etc/passwd')
    expect(await git(target, 'status', '--porcelain')).toBe('')
  })

  it('is on the branch that was pushed, and knows its upstream', async () => {
    const commit = await repo.commit({ file: 'x' })
    await checkout(commit, { ref: 'refs/heads/feature/a.b' })
    expect(await git(target, 'branch', '--show-current')).toBe('feature/a.b')
    expect(await git(target, 'rev-parse', 'HEAD', '@{upstream}')).toBe(`${commit}\n${commit}`)
    expect(await git(target, 'remote', 'get-url', 'origin')).toBe(repo.bare)
  })

  it('is detached for anything but a branch', async () => {
    const commit = await repo.commit({ file: 'x' })
    for (const ref of ['refs/tags/v1', 'refs/pull/1/head', 'refs/heads/-f', undefined]) {
      await removeDirectory(target)
      await checkout(commit, ref === undefined ? {} : { ref })
      expect(await git(target, 'rev-parse', '--abbrev-ref', 'HEAD')).toBe('HEAD')
      expect(await git(target, 'rev-parse', 'HEAD')).toBe(commit)
    }
  })

  it('has as much history as was asked for, with objects of its own', async () => {
    for (let number = 0; number < 5; number += 1) await repo.commit({ file: String(number) })
    const commit = await repo.commit({ file: 'last' })
    for (const [depth, expected] of [
      [1, '1'],
      [3, '3'],
      [0, '6'],
    ] as const) {
      await removeDirectory(target)
      await checkout(commit, { depth })
      expect(await git(target, 'rev-list', '--count', 'HEAD')).toBe(expected)
    }
    await removeDirectory(join(directory, 'mirrors'))
    expect(await git(target, 'fsck', '--full')).toBe('')
    expect(existsSync(join(target, '.git/objects/info/alternates'))).toBe(false)
    await git(target, 'commit', '-q', '--allow-empty', '-m', 'more')
  })

  it('checks out SHA-256 repos', async () => {
    repo = await makeRepo(directory, { name: 'new', format: 'sha256' })
    const commit = await repo.commit({ file: 'x' })
    await checkout(commit, { ref: MAIN })
    expect(await git(target, 'rev-parse', 'HEAD')).toBe(commit)
    expect(await git(target, 'status', '--porcelain')).toBe('')
  })

  it('wants a directory that is empty', async () => {
    const commit = await repo.commit({ file: 'x' })
    await mkdir(target)
    await writeFile(join(target, 'mine'), '')
    await expect(checkout(commit)).rejects.toMatchObject({ code: 'SP_GIT_NOT_EMPTY' })
    expect(await readdir(target)).toEqual(['mine'])
  })

  it('stops when aborted', async () => {
    const commit = await repo.commit({ file: 'x' })
    const signal = AbortSignal.abort(new Error('cancelled'))
    await expect(checkout(commit, { signal })).rejects.toThrow('cancelled')
  })
})

describe('a hostile tree', () => {
  it('does not write into .git, nor through a link out of the directory', async () => {
    await repo.commit({ file: 'x' })
    const hook = await hashObject(
      repo.work,
      'tree',
      Buffer.concat([
        Buffer.from('100755 post-checkout\0'),
        Buffer.from(await hashObject(repo.work, 'blob', Buffer.from('#!/bin/sh\n')), 'hex'),
      ]),
    )
    const trees = [
      [{ mode: '40000', name: '.git', content: hook }],
      [{ mode: '40000', name: '.GIT', content: hook }],
      [{ mode: '40000', name: '..', content: hook }],
      [{ mode: '100644', name: '../outside', content: 'x' }],
      [{ mode: '100644', name: '/outside', content: 'x' }],
      [
        { mode: '120000', name: 'a', content: directory },
        { mode: '40000', name: 'a', content: hook },
      ],
    ]
    const before = await readdir(directory)
    for (const entries of trees) {
      const commit = await commitTree(repo, entries)
      await removeDirectory(target)
      await checkout(commit).catch((error: unknown) => {
        expect(error).toMatchObject({ code: expect.stringMatching(/^SP_GIT_/) })
      })
      expect(existsSync(join(target, '.git/post-checkout'))).toBe(false)
      expect(existsSync(join(directory, 'post-checkout'))).toBe(false)
      const after = (await readdir(directory)).filter(
        (name) => !/^(?:mirrors|checkout)$/.test(name),
      )
      expect(after).toEqual(before)
      expect(existsSync('/outside')).toBe(false)
    }
  })

  it('does not throw the mirror away for a tree that git refuses', async () => {
    const good = await repo.commit({ file: 'x' })
    await checkout(good)
    const made = await lstat(join(directory, 'mirrors/1.git'))
    const commit = await commitTree(repo, [{ mode: '100644', name: '.git', content: 'gitdir: /x' }])
    await removeDirectory(target)
    await expect(checkout(commit)).rejects.toMatchObject({ code: 'SP_GIT_FAILED' })
    expect((await lstat(join(directory, 'mirrors/1.git'))).ino).toBe(made.ino)
  })

  it('runs no filter, hook or monitor that it names', async () => {
    const commit = await repo.commit({
      '.gitattributes': '* filter=evil diff=evil\n',
      '.gitconfig': `[filter "evil"]\n\tsmudge = touch ${directory}/ran\n`,
      '.githooks/post-checkout': `#!/bin/sh\ntouch ${directory}/ran\n`,
      file: 'x',
    })
    await checkout(commit)
    expect(await readFile(join(target, 'file'), 'utf8')).toBe('x')
    expect(existsSync(join(directory, 'ran'))).toBe(false)
  })
})

describe('submodules', () => {
  /** A commit with a submodule `sub` at that address, made without asking the address. */
  async function withSubmodule(
    url: string,
    more = '',
    id = 'f'.repeat(40),
    { work } = repo,
  ): Promise<string> {
    const modules = `[submodule "sub"]\n\tpath = sub\n\turl = ${url}\n${more}`
    await writeFile(join(work, '.gitmodules'), modules)
    await git(work, 'update-index', '--add', '--cacheinfo', `160000,${id},sub`)
    await git(work, 'add', '.gitmodules')
    await git(work, 'commit', '-q', '-m', 'submodule')
    await git(work, 'push', '-q', '--force', 'origin', 'HEAD:main')
    return git(work, 'rev-parse', 'HEAD')
  }

  it('come over http, at the commit that is named', async () => {
    const other = await makeRepo(directory, { name: 'other' })
    const id = await other.commit({ inside: 'sub' })
    await other.commit({ inside: 'later' })
    const server = await serveOpen(directory)
    try {
      await repo.commit({ file: 'x' })
      const commit = await withSubmodule(`${server.url}/other.git`, '', id)
      const options = { submodules: true, depth: 1 }
      const output = await checkout(commit, options, { submoduleHosts: [server.host] })
      expect(await readFile(join(target, 'sub/inside'), 'utf8')).toBe('sub')
      expect(output).toContain("registered for path 'sub'")
    } finally {
      await server.close()
    }
  })

  it('are left alone unless asked for', async () => {
    await repo.commit({ file: 'x' })
    await checkout(await withSubmodule('https://127.0.0.1:1/x.git'))
    expect(await readdir(join(target, 'sub'))).toEqual([])
  })

  it('never come from local paths, helpers or options, and run nothing', async () => {
    await repo.commit({ file: 'x' })
    const other = await makeRepo(directory, { name: 'other' })
    const id = await other.commit({ inside: 'secret' })
    const ran = join(directory, 'ran')
    const urls = [
      [`file://${other.bare}`, ''],
      [other.bare, ''],
      ['../other.git', ''],
      [`ext::sh -c touch% ${ran}`, ''],
      [`"-u./touch ${ran};x"`, ''],
      [`--upload-pack=touch ${ran}`, ''],
      [`ssh://-oProxyCommand=touch ${ran}/x`, ''],
      ['git@127.0.0.1:x.git', ''],
      ['https://127.0.0.1:1/x.git', `\tupdate = !touch ${ran}\n`],
    ]
    for (const [url, more] of urls) {
      const commit = await withSubmodule(url!, more, id)
      await removeDirectory(target)
      const sources = { submoduleHosts: ['*'] }
      await expect(checkout(commit, { submodules: true }, sources)).rejects.toMatchObject({
        code: 'SP_GIT_SUBMODULE',
      })
      expect(existsSync(join(target, 'sub/inside'))).toBe(false)
      expect(existsSync(ran)).toBe(false)
    }
  })

  it('come from the host of the repo itself, by relative addresses as well', async () => {
    const other = await makeRepo(directory, { name: 'other' })
    const id = await other.commit({ inside: 'sub' })
    const server = await serveOpen(directory)
    try {
      await repo.commit({ file: 'x' })
      for (const url of [`${server.url}/other.git`, '../other.git']) {
        const commit = await withSubmodule(url, '', id)
        await removeDirectory(target)
        await removeDirectory(join(directory, 'mirrors'))
        await checkout(commit, { submodules: true }, { cloneUrl: `${server.url}/repo.git` })
        expect(await readFile(join(target, 'sub/inside'), 'utf8')).toBe('sub')
      }
    } finally {
      await server.close()
    }
  })

  it('come from no other host, however it is written', async () => {
    const other = await makeRepo(directory, { name: 'other' })
    const id = await other.commit({ inside: 'secret' })
    let accesses = 0
    const server = await serveOpen(directory, () => void (accesses += 1))
    const { host } = server
    try {
      await repo.commit({ file: 'x' })
      const urls = [
        `http://${host}/other.git`,
        `HTTP://${host}/other.git`,
        `http::http://${host}/other.git`,
        `https::http://${host}/other.git`,
        `http://good.example@${host}/other.git`,
        `http://good.example:80@${host}/other.git`,
        `http://[::ffff:127.0.0.1]:${host.split(':')[1]!}/other.git`,
        `git://${host}/other.git`,
      ]
      for (const url of urls) {
        const commit = await withSubmodule(url, '', id)
        await removeDirectory(target)
        const sources = { submoduleHosts: ['good.example', '127.0.0.1', '[::1]'] }
        await expect(checkout(commit, { submodules: true }, sources)).rejects.toMatchObject({
          code: 'SP_GIT_SUBMODULE',
          message: expect.stringMatching(/ one is at \S+127\.0\.0\.1\S+, which is not allowed$/),
          hint: expect.stringContaining('SANDPIPER_SUBMODULE_HOSTS'),
        })
      }
      expect(accesses).toBe(0)
      await removeDirectory(target)
      await checkout(
        await withSubmodule(urls[0]!, '', id),
        { submodules: true },
        {
          submoduleHosts: ['*'],
        },
      )
      expect(accesses).toBeGreaterThan(0)
    } finally {
      await server.close()
    }
  })

  it('have their own submodules held to the same hosts', async () => {
    let accesses = 0
    const hidden = await serveOpen(directory, () => void (accesses += 1))
    const server = await serveOpen(directory)
    try {
      const inner = await makeRepo(directory, { name: 'inner' })
      const innerId = await inner.commit({ inside: 'inner' })
      const outer = await makeRepo(directory, { name: 'outer' })
      for (const from of [server, hidden]) {
        const outerId = await withSubmodule(`${from.url}/inner.git`, '', innerId, outer)
        await repo.commit({ file: from.url })
        const commit = await withSubmodule(`${server.url}/outer.git`, '', outerId)
        await removeDirectory(target)
        const done = checkout(commit, { submodules: true }, { submoduleHosts: [server.host] })
        if (from === server) await done
        else await expect(done).rejects.toMatchObject({ code: 'SP_GIT_SUBMODULE' })
        expect(existsSync(join(target, 'sub/sub/inside'))).toBe(from === server)
      }
      expect(accesses).toBe(0)
    } finally {
      await server.close()
      await hidden.close()
    }
  })

  it('do not write outside through a path that is a link or has dots', async () => {
    await repo.commit({ file: 'x' })
    const other = await makeRepo(directory, { name: 'other' })
    const id = await other.commit({ inside: 'sub' })
    const outside = join(directory, 'outside')
    await mkdir(outside)
    const server = await serveOpen(directory)
    try {
      for (const path of ['../outside', 'link/outside', outside]) {
        const modules =
          `[submodule "../../../outside/m"]\n\tpath = ${path}\n\turl = ${server.url}/other.git\n` +
          `[submodule "b"]\n\tpath = sub\n\turl = ${server.url}/other.git\n`
        const blob = await hashObject(repo.work, 'blob', Buffer.from(modules))
        const tree = Buffer.concat([
          Buffer.from('100644 .gitmodules\0'),
          Buffer.from(blob, 'hex'),
          Buffer.from('120000 link\0'),
          Buffer.from(await hashObject(repo.work, 'blob', Buffer.from(directory)), 'hex'),
          Buffer.from('160000 outside\0'),
          Buffer.from(id, 'hex'),
          Buffer.from('160000 sub\0'),
          Buffer.from(id, 'hex'),
        ])
        const commit = await git(
          repo.work,
          ...['commit-tree', '-m', 'x', await hashObject(repo.work, 'tree', tree)],
        )
        await git(repo.work, 'push', '-q', '--force', 'origin', `${commit}:main`)
        await removeDirectory(target)
        await checkout(commit, { submodules: true }, { submoduleHosts: [server.host] }).catch(
          (error: unknown) => {
            expect(error).toMatchObject({ code: expect.stringMatching(/^SP_GIT_/) })
          },
        )
        expect(await readdir(outside)).toEqual([])
      }
    } finally {
      await server.close()
    }
  })
})

interface OpenServer {
  readonly host: string
  readonly url: string
  close(): Promise<void>
}

/** Serves what is below `root` by HTTP to anyone. */
async function serveOpen(root: string, onAccess = (): void => undefined): Promise<OpenServer> {
  const server = await serveGitHttp(root, null, onAccess)
  const host = `127.0.0.1:${String(server.port)}`
  return { host, url: `http://${host}`, close: () => server.close() }
}
