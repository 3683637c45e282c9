import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { join } from 'node:path'
import { createMirrors } from './mirrors.js'
import { git, makeRepo, makeTemporaryDirectory, removeDirectory } from './testing/repo.js'
import type { GitMirror } from './types.js'

let directory = ''
beforeEach(async () => {
  directory = await makeTemporaryDirectory()
})
afterEach(() => removeDirectory(directory))

function open(cloneUrl: string): GitMirror {
  const mirrors = createMirrors(join(directory, 'mirrors'))
  return mirrors.open({ id: 1, slug: 'ada/repo', cloneUrl, allowFileTransport: true })
}

describe('the tip of a ref', () => {
  it.each(['sha1', 'sha256'] as const)(
    'is what the remote has now, of %s ids too',
    async (format) => {
      const repo = await makeRepo(directory, { format })
      const mirror = open(repo.bare)
      const first = await repo.commit({ a: '1' })
      expect(await mirror.tipOf('refs/heads/main')).toBe(first)
      await mirror.fetchCommit(first, 'refs/heads/main')
      const second = await repo.commit({ a: '2' }, 'Say more\n\nat length')
      expect(await mirror.tipOf('refs/heads/main')).toBe(second)
      await mirror.fetchCommit(second, 'refs/heads/main')
      expect(await mirror.describe(second)).toMatchObject({
        ...{ name: 'Ada', email: 'ada@example.org', message: 'Say more\n\nat length' },
      })
      expect((await mirror.describe(second)).committed % 1_000).toBe(0)
    },
  )

  it('is the commit that an annotated tag names, and null where there is none', async () => {
    const repo = await makeRepo(directory)
    const commit = await repo.commit({ a: '1' })
    await git(repo.work, 'tag', '-a', 'v1', '-m', 'one')
    await git(repo.work, 'push', '-q', 'origin', 'v1', 'HEAD:refs/heads/refs/heads/other')
    const mirror = open(repo.bare)
    expect(await mirror.tipOf('refs/tags/v1')).toBe(commit)
    // A pattern of git's would find the branch whose name ends so.
    expect(await mirror.tipOf('refs/heads/other')).toBeNull()
  })

  it('is not to be had from a remote that is not there, nor for what is no ref', async () => {
    const mirror = open(join(directory, 'nowhere.git'))
    await expect(mirror.tipOf('refs/heads/main')).rejects.toThrow(/nowhere.git/)
    await expect(mirror.tipOf('--upload-pack=evil')).rejects.toMatchObject({
      code: 'SP_GIT_REFUSED',
    })
  })
})

describe('whether a commit is below a ref', () => {
  it('is told of tips, of what is far below, of annotated tags, and of no ref', async () => {
    const repo = await makeRepo(directory)
    const first = await repo.commit({ a: '0' })
    for (let i = 0; i < 60; i++) await git(repo.work, 'commit', '-q', '--allow-empty', '-m', `${i}`)
    const last = await repo.commit({ a: '1' })
    await git(repo.work, 'tag', '-a', 'v1', '-m', 'one', first)
    await git(repo.work, 'push', '-q', 'origin', 'v1')
    const mirror = open(`file://${repo.bare}`)
    expect(await mirror.isBelow(last, 'refs/heads/main')).toBe(true)
    expect(await mirror.isBelow(first, 'refs/heads/main')).toBe(true)
    expect(await mirror.isBelow(first, 'refs/tags/v1')).toBe(true)
    expect(await mirror.isBelow(last, 'refs/tags/v1')).toBe(false)
    expect(await mirror.isBelow(last, 'refs/heads/none')).toBeNull()
  })

  it('is not so for what a fork alone has, though the server gives it out by its id', async () => {
    const repo = await makeRepo(directory)
    const ours = await repo.commit({ a: '1' })
    await git(repo.bare, 'config', 'uploadpack.allowAnySHA1InWant', 'true')
    await git(repo.work, 'checkout', '-q', '-b', 'fork')
    await git(repo.work, 'commit', '-q', '--allow-empty', '-m', 'evil')
    await git(repo.work, 'push', '-q', 'origin', 'HEAD:refs/pull/1/head')
    const theirs = await git(repo.work, 'rev-parse', 'HEAD')
    const mirror = open(`file://${repo.bare}`)
    await mirror.fetchCommit(theirs, 'refs/heads/main')
    expect(await mirror.isBelow(theirs, 'refs/heads/main')).toBe(false)
    expect(await mirror.isBelow(ours, 'refs/heads/main')).toBe(true)
  })
})
