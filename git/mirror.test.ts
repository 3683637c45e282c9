import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import {
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { createMirrors } from './mirrors.js'
import { git, makeRepo, makeTemporaryDirectory, removeDirectory } from './testing/repo.js'
import type { TestRepo } from './testing/repo.js'
import { serveFiles, serveGitHttp, serveOldGit, serveSilence } from './testing/servers.js'
import type { TestServer } from './testing/servers.js'
import type { GitMirror } from './types.js'

const MAIN = 'refs/heads/main'
const NOWHERE = 'f'.repeat(40)

let directory = ''
let mirrorPath = ''
let repo: TestRepo
const servers: TestServer[] = []

beforeEach(async () => {
  directory = await makeTemporaryDirectory()
  mirrorPath = join(directory, 'mirrors', '1.git')
  repo = await makeRepo(directory)
})
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
  await removeDirectory(directory)
})

async function started(server: Promise<TestServer>): Promise<TestServer> {
  servers.push(await server)
  return server
}

function openMirror(cloneUrl = repo.bare, options = {}): GitMirror {
  const mirrors = createMirrors(join(directory, 'mirrors'), options)
  return mirrors.open({ id: 1, slug: 'ada/repo', cloneUrl, allowFileTransport: true })
}

async function commits(count: number): Promise<string> {
  for (let number = 1; number < count; number += 1) await repo.commit({ file: String(number) })
  return repo.commit({ file: String(count) })
}

function historyLength(commit: string): Promise<string> {
  return git(mirrorPath, 'rev-list', '--count', commit)
}

describe('fetchCommit', () => {
  it('fetches a commit and keeps it under a ref', async () => {
    const commit = await repo.commit({ '.pipeline.yml': 'kind: pipeline\n' })
    const mirror = openMirror()
    await mirror.fetchCommit(commit, MAIN)
    expect(await mirror.readFile(commit, '.pipeline.yml', 100)).toBe('kind: pipeline\n')
    expect(await git(mirrorPath, 'fsck', '--full')).toBe('')
    expect(await git(mirrorPath, 'for-each-ref', '--format=%(objectname)')).toBe(commit)
  })

  it('asks the remote for nothing when it has the commit', async () => {
    const commit = await repo.commit({ file: 'x' })
    const mirror = openMirror()
    await mirror.fetchCommit(commit, MAIN)
    await rename(repo.bare, `${repo.bare}.away`)
    await mirror.fetchCommit(commit, MAIN)
    await openMirror().fetchCommit(commit, MAIN)
    await expect(mirror.fetchCommit(NOWHERE, MAIN)).rejects.toMatchObject({
      code: 'SP_GIT_UNREACHABLE',
    })
  })

  it('fetches as shallow as asked, deepens when more is asked, and gets all for depth 0', async () => {
    const commit = await commits(6)
    const mirror = openMirror()
    await mirror.fetchCommit(commit, MAIN, { depth: 2 })
    expect(await historyLength(commit)).toBe('2')
    await mirror.fetchCommit(commit, MAIN, { depth: 4 })
    expect(await historyLength(commit)).toBe('4')
    await mirror.fetchCommit(commit, MAIN, { depth: 3 })
    expect(await historyLength(commit)).toBe('4')
    await mirror.fetchCommit(commit, MAIN, { depth: 0 })
    expect(await historyLength(commit)).toBe('6')
  })

  it('notices that a later fetch has shortened the history of an older commit', async () => {
    const older = await commits(6)
    const mirror = openMirror()
    await mirror.fetchCommit(older, MAIN, { depth: 3 })
    const newer = await commits(3)
    await mirror.fetchCommit(newer, MAIN, { depth: 2 })
    await mirror.fetchCommit(older, MAIN, { depth: 3 })
    expect(Number(await historyLength(older))).toBeGreaterThanOrEqual(3)
    expect(Number(await historyLength(newer))).toBeGreaterThanOrEqual(2)
  })

  it('does not cut a whole history that it has', async () => {
    const first = await commits(3)
    const mirror = openMirror()
    await mirror.fetchCommit(first, MAIN, { depth: 0 })
    const second = await commits(2)
    await mirror.fetchCommit(second, MAIN, { depth: 1 })
    expect(await historyLength(second)).toBe('5')
  })

  it('names the commit and the ref when the remote has no such commit', async () => {
    await repo.commit({ file: 'x' })
    const mirror = openMirror()
    for (const ref of [MAIN, 'refs/heads/none']) {
      const error = await mirror.fetchCommit(NOWHERE, ref).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'SP_GIT_NO_COMMIT' })
      expect(String(error)).toContain(NOWHERE)
      expect(String(error)).toContain(ref)
    }
  })

  it('goes by the ref where a server gives out no bare ids, as deep as it takes', async () => {
    const wanted = await commits(3)
    const server = await started(serveOldGit(directory))
    await commits(6)
    const mirror = openMirror(`git://127.0.0.1:${String(server.port)}/repo.git`)
    await mirror.fetchCommit(wanted, MAIN, { depth: 2 })
    expect(await mirror.readFile(wanted, 'file', 10)).toBe('3')
    await expect(mirror.fetchCommit(NOWHERE, MAIN, { depth: 2 })).rejects.toMatchObject({
      code: 'SP_GIT_NO_COMMIT',
    })
    await expect(mirror.fetchCommit(NOWHERE, 'refs/heads/none')).rejects.toMatchObject({
      code: 'SP_GIT_NO_COMMIT',
    })
  })

  it('fetches from a plain web server', async () => {
    const wanted = await commits(2)
    await commits(2)
    await git(repo.bare, 'update-server-info')
    const server = await started(serveFiles(directory))
    const mirror = openMirror(`http://127.0.0.1:${String(server.port)}/repo.git`)
    await mirror.fetchCommit(wanted, MAIN)
    expect(await mirror.readFile(wanted, 'file', 10)).toBe('2')
  })

  it('reads SHA-256 repos, and starts anew when a repo has become one', async () => {
    const old = await repo.commit({ file: 'sha1' })
    await openMirror().fetchCommit(old, MAIN)
    const other = await makeRepo(directory, { name: 'other', format: 'sha256' })
    const commit = await other.commit({ 'dir/file': 'sha256' })
    expect(commit).toHaveLength(64)
    const mirror = openMirror(other.bare)
    await mirror.fetchCommit(commit, MAIN)
    expect(await mirror.readFile(commit, 'dir/file', 100)).toBe('sha256')
  })

  it('follows a repo to its new address', async () => {
    const first = await repo.commit({ file: '1' })
    await openMirror().fetchCommit(first, MAIN)
    await rename(repo.bare, join(directory, 'moved.git'))
    await git(repo.work, 'remote', 'set-url', 'origin', join(directory, 'moved.git'))
    const second = await repo.commit({ file: '2' })
    await openMirror(join(directory, 'moved.git')).fetchCommit(second, MAIN)
    expect(await historyLength(second)).toBe('2')
  })

  it('serves many at once, from several openers of one directory', async () => {
    const wanted: string[] = []
    for (let number = 0; number < 5; number += 1)
      wanted.push(await repo.commit({ n: String(number) }))
    const mirrors = [openMirror(), openMirror(), openMirror()]
    await Promise.all(
      mirrors.flatMap((mirror) => wanted.map((one) => mirror.fetchCommit(one, MAIN))),
    )
    for (const [number, commit] of wanted.entries()) {
      expect(await mirrors[0]!.readFile(commit, 'n', 10)).toBe(String(number))
    }
    const left = (await readdir(join(directory, 'mirrors'))).filter((name) => name !== '.home')
    expect(left).toEqual(['1.git'])
  })

  it('stops when aborted, and works again afterwards', async () => {
    const server = await started(serveSilence())
    const commit = await repo.commit({ file: 'x' })
    const aborter = new AbortController()
    const mirror = openMirror(`git://127.0.0.1:${String(server.port)}/repo.git`)
    const fetching = mirror.fetchCommit(commit, MAIN, { signal: aborter.signal })
    setTimeout(() => aborter.abort(new Error('build cancelled')), 100)
    await expect(fetching).rejects.toThrow('build cancelled')
    await openMirror().fetchCommit(commit, MAIN)
  })

  it('gives a silent remote up in time', async () => {
    const server = await started(serveSilence())
    const url = `git://127.0.0.1:${String(server.port)}/repo.git`
    for (const limits of [{ idleTimeoutMs: 200 }, { totalTimeoutMs: 200 }]) {
      const fetching = openMirror(url, { limits }).fetchCommit(NOWHERE, MAIN)
      await expect(fetching).rejects.toMatchObject({ code: 'SP_GIT_TIMEOUT' })
    }
  })

  it('keeps the newest commits only, and cleans up behind itself', async () => {
    const mirrors = createMirrors(join(directory, 'mirrors'))
    const commit = await repo.commit({ file: 'x' })
    const open = (): GitMirror =>
      mirrors.open({ id: 1, slug: 'a/b', cloneUrl: repo.bare, allowFileTransport: true })
    await open().fetchCommit(commit, MAIN)
    const refs = join(mirrorPath, 'refs/sandpiper/commits')
    for (let number = 0; number < 300; number += 1) {
      const old = number.toString(16).padStart(40, '0')
      await writeFile(join(refs, old), `${commit}\n`)
      await utimes(join(refs, old), 1000, 1000 + number)
    }
    for (let number = 0; number < 63; number += 1) {
      await rm(join(refs, commit))
      await open().fetchCommit(commit, MAIN)
    }
    await mirrors.close()
    const left = await readdir(refs)
    expect(left).toHaveLength(256)
    expect(left).toContain(commit)
    await mirrors.remove(1)
    expect(await readdir(join(directory, 'mirrors'))).toEqual(['.home'])
  })
})

describe('a broken mirror', () => {
  let commit = ''
  beforeEach(async () => {
    commit = await repo.commit({ '.pipeline.yml': 'x: 1\n' })
    await openMirror().fetchCommit(commit, MAIN)
  })

  it('is mended when its files are garbage', async () => {
    const breakIt: (() => Promise<void>)[] = [
      () => writeFile(join(mirrorPath, 'HEAD'), ''),
      () => writeFile(join(mirrorPath, 'config'), '[core'),
      () => writeFile(join(mirrorPath, 'shallow'), 'garbage\n'),
      () => rm(join(mirrorPath, 'objects'), { recursive: true }),
      () => writeFile(join(mirrorPath, 'refs/sandpiper/commits', commit), ''),
      async () => {
        await removeDirectory(mirrorPath)
        await writeFile(mirrorPath, 'a file')
      },
    ]
    for (const breaking of breakIt) {
      await breaking()
      const next = await repo.commit({ '.pipeline.yml': 'x: 2\n' })
      await openMirror().fetchCommit(next, MAIN)
      expect(await openMirror().readFile(next, '.pipeline.yml', 100)).toBe('x: 2\n')
      commit = next
    }
  })

  it('is fetched anew when an object can not be read', async () => {
    const blob = await git(mirrorPath, 'rev-parse', `${commit}:.pipeline.yml`)
    const path = join(mirrorPath, 'objects', blob.slice(0, 2), blob.slice(2))
    const remove = (): Promise<void> => rm(path, { force: true })
    for (const breaking of [remove, () => writeFile(path, 'garbage')]) {
      await remove()
      await breaking()
      expect(await openMirror().readFile(commit, '.pipeline.yml', 100)).toBe('x: 1\n')
    }
    await rm(path)
    const target = join(directory, 'checkout')
    const options = { commit, depth: 1, submodules: false, onOutput: () => undefined }
    await openMirror().checkout(target, options)
    expect(await readFile(join(target, '.pipeline.yml'), 'utf8')).toBe('x: 1\n')
  })

  it('says so when it can not be fetched anew either', async () => {
    await rm(join(mirrorPath, 'objects'), { recursive: true })
    await rename(repo.bare, `${repo.bare}.away`)
    await expect(openMirror().readFile(commit, '.pipeline.yml', 100)).rejects.toMatchObject({
      code: 'SP_GIT_UNREACHABLE',
    })
  })

  it('does not stay locked by a git that was killed', async () => {
    await writeFile(join(mirrorPath, 'shallow.lock'), '')
    const next = await commits(60)
    const refs = join(mirrorPath, 'refs/sandpiper/commits')
    await writeFile(join(refs, `${next}.lock`), '')
    await openMirror().fetchCommit(next, MAIN, { depth: 1 })
    expect(await openMirror().readFile(next, 'file', 10)).toBe('60')
  })

  it('is usable after a kill -9 in the middle of a fetch', async () => {
    const big = 'x'.repeat(100)
    const files = Object.fromEntries(
      Array.from({ length: 400 }, (_, n) => [`f${String(n)}`, `${big}${String(n)}`]),
    )
    const next = await repo.commit(files)
    for (const afterMs of [5, 10, 15, 20, 30]) {
      const refspec = `+${next}:refs/sandpiper/commits/${next}`
      const child = spawn('git', ['fetch', '-q', 'origin', refspec], { cwd: mirrorPath })
      setTimeout(() => child.kill('SIGKILL'), afterMs)
      await once(child, 'close')
    }
    await openMirror().fetchCommit(next, MAIN)
    expect(await openMirror().readFile(next, 'f399', 1000)).toBe(`${big}399`)
    expect(await git(mirrorPath, 'fsck', '--full', '--no-dangling')).toBe('')
  })
})

describe('readFile', () => {
  it('tells apart what is a file and what is not', async () => {
    await mkdir(join(repo.work, 'dir'))
    await symlink('../../etc/passwd', join(repo.work, 'link'))
    await symlink('dir', join(repo.work, 'dirlink'))
    const commit = await repo.commit({ 'dir/file': 'ä\n', big: 'x'.repeat(1001), empty: '' })
    const mirror = openMirror()
    await mirror.fetchCommit(commit, MAIN)
    expect(await mirror.readFile(commit, 'dir/file', 1000)).toBe('ä\n')
    expect(await mirror.readFile(commit, 'empty', 1000)).toBe('')
    for (const path of ['none', 'dir/none', 'none/x', 'dir/file/x', 'dirlink/file']) {
      expect([path, await mirror.readFile(commit, path, 1000)]).toEqual([path, null])
    }
    for (const path of ['link', 'dirlink', 'dir']) {
      await expect(mirror.readFile(commit, path, 1000)).rejects.toMatchObject({
        code: 'SP_GIT_NOT_A_FILE',
      })
    }
    await expect(mirror.readFile(commit, 'big', 1000)).rejects.toMatchObject({
      code: 'SP_GIT_FILE_TOO_LARGE',
    })
    await expect(mirror.readFile(commit, '../x', 1000)).rejects.toMatchObject({
      code: 'SP_GIT_REFUSED',
    })
  })

  it('does not read a file that is far too large into memory', async () => {
    const commit = await repo.commit({ big: 'x'.repeat(40 * 1024 * 1024) })
    const mirror = openMirror()
    await mirror.fetchCommit(commit, MAIN)
    await expect(mirror.readFile(commit, 'big', 1000)).rejects.toMatchObject({
      code: 'SP_GIT_FILE_TOO_LARGE',
    })
  })

  it('says that a commit was not fetched', async () => {
    const commit = await repo.commit({ file: 'x' })
    const mirror = openMirror()
    await mirror.fetchCommit(commit, MAIN)
    await expect(mirror.readFile(NOWHERE, 'file', 10)).rejects.toMatchObject({
      code: 'SP_GIT_NO_COMMIT',
    })
    await expect(
      mirror.checkout(join(directory, 'c'), {
        commit: NOWHERE,
        depth: 1,
        submodules: false,
        onOutput: () => undefined,
      }),
    ).rejects.toMatchObject({ code: 'SP_GIT_NO_COMMIT' })
  })
})

describe('credentials in a clone URL', () => {
  it('work, and are in no process list, error or checkout', async () => {
    const password = 'hunter2hunter2'
    const seen: string[] = []
    const server = await started(
      serveGitHttp(directory, password, () => {
        seen.push(...processArguments())
      }),
    )
    const commit = await repo.commit({ file: 'private' })
    const address = `127.0.0.1:${String(server.port)}/repo.git`
    const mirror = openMirror(`http://ada:${password}@${address}`)
    await mirror.fetchCommit(commit, MAIN)
    expect(seen.some((line) => line.includes('remote-http'))).toBe(true)
    expect(seen.filter((line) => line.includes(password))).toEqual([])

    const target = join(directory, 'checkout')
    const output: string[] = []
    const onOutput = (text: string): void => void output.push(text)
    await mirror.checkout(target, { commit, ref: MAIN, depth: 1, submodules: true, onOutput })
    expect(await readFile(join(target, '.git/config'), 'utf8')).toContain(`http://${address}`)
    expect(await git(target, 'grep', '-c', 'private')).toBe('file:1')
    const found = spawn('grep', ['-r', password, target], { stdio: 'ignore' })
    expect((await once(found, 'close'))[0]).toBe(1)

    const wrong = openMirror(`http://ada:wrong-${password}@${address}`)
    const error = await wrong.fetchCommit(NOWHERE, MAIN).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'SP_GIT_UNREACHABLE' })
    expect(inspectDeeply(error)).not.toContain(password)
    expect(output.join('')).not.toContain(password)
    expect((await stat(join(mirrorPath, 'sandpiper-credentials'))).mode & 0o777).toBe(0o600)
  })
})

function inspectDeeply(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return `${String(error.stack)} ${JSON.stringify(error)} ${inspectDeeply(error.cause)}`
}

/** The command line and environment of every process of this host that can be read. */
function processArguments(): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.flatMap((pid) => {
    if (pid === String(process.pid)) return []
    try {
      return ['cmdline', 'environ'].map((name) => readFileSync(`/proc/${pid}/${name}`, 'latin1'))
    } catch {
      return []
    }
  })
}
