import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
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
import { serveOldGit } from './testing/servers.js'
import type { ChangedFiles, ChangesSince, GitMirror } from './types.js'

const MAIN = 'refs/heads/main'
const NOWHERE = 'f'.repeat(40)

let directory = ''
let repo: TestRepo
let mirror: GitMirror
beforeEach(async () => {
  directory = await makeTemporaryDirectory()
  repo = await makeRepo(directory)
  mirror = openMirror(repo.bare)
})
afterEach(() => removeDirectory(directory))

function openMirror(cloneUrl: string): GitMirror {
  const source = { id: 1, slug: 'ada/repo', cloneUrl, allowFileTransport: true }
  return createMirrors(`${directory}/mirrors`).open(source)
}

/** What changed, with the commit fetched as a build fetches it. */
async function changes(commit: string, since: ChangesSince, depth = 50): Promise<ChangedFiles> {
  await mirror.fetchCommit(commit, MAIN, { depth })
  return mirror.changedFiles(commit, since)
}

async function commits(count: number, path = 'counter'): Promise<string> {
  for (let number = 1; number < count; number += 1) await commit({ [path]: String(number) })
  return commit({ [path]: String(count) })
}

function commit(files: Readonly<Record<string, string>>): Promise<string> {
  return repo.commit(files)
}

describe('changedFiles', () => {
  it('names what a push of several commits added, changed and removed', async () => {
    const before = await commit({ kept: '1', changed: '1', removed: '1' })
    await commit({ changed: '2', 'deep/er/added': '1' })
    await git(repo.work, 'rm', '-q', 'removed')
    const after = await commit({ back: '1' })
    const changed = await changes(after, { commit: before })
    expect(changed).toEqual({ files: ['back', 'changed', 'deep/er/added', 'removed'] })
  })

  it('is empty when the trees are the same', async () => {
    const before = await commit({ file: '1' })
    const after = await commit({})
    expect(await changes(after, { commit: before })).toEqual({ files: [] })
    expect(await changes(after, { commit: after })).toEqual({ files: [] })
  })

  it('names a renamed file with both names', async () => {
    const before = await commit({ old: 'the same text in both\n'.repeat(50) })
    await git(repo.work, 'mv', 'old', 'new')
    const after = await commit({})
    expect(await changes(after, { commit: before })).toEqual({ files: ['new', 'old'] })
  })

  it('gives names with newlines, quotes, backslashes and UTF-8 as they are', async () => {
    const before = await commit({ file: '1' })
    const names = ['a\nb', '"quoted"', 'back\\slash', 'täglich/日本.md', ' space ', 'tab\t']
    const after = await commit(Object.fromEntries(names.map((name) => [name, '1'])))
    const { files } = await changes(after, { commit: before })
    expect([...(files ?? [])].sort()).toEqual([...names].sort())
  })

  it('counts what a merge brought in', async () => {
    const start = await commit({ file: '1' })
    await git(repo.work, 'checkout', '-q', '-b', 'side')
    await commit({ side: '1' })
    await git(repo.work, 'checkout', '-q', 'main')
    const before = await commit({ main: '1' })
    await git(repo.work, 'merge', '-q', '--no-ff', '-m', 'merge', 'side')
    const after = await commit({})
    expect(await changes(after, { commit: before })).toEqual({ files: ['side'] })
    expect(await changes(after, { commit: start })).toEqual({ files: ['main', 'side'] })
  })

  it('compares a pull request with where it parted from its target', async () => {
    await commit({ file: '1' })
    await git(repo.work, 'checkout', '-q', '-b', 'feature')
    const head = await commit({ feature: '1' })
    await git(repo.work, 'checkout', '-q', 'main')
    const base = await commits(3, 'only-on-main')
    expect(await changes(head, { commit: base })).toEqual({ files: ['feature'] })
  })

  it('compares a new branch with the default branch', async () => {
    await commit({ file: '1' })
    await git(repo.work, 'checkout', '-q', '-b', 'feature')
    const head = await commit({ feature: '1' })
    await git(repo.work, 'checkout', '-q', 'main')
    await commits(2, 'only-on-main')
    expect(await changes(head, { branch: 'main' })).toEqual({ files: ['feature'] })
    // The mirror is as good as before.
    expect(await mirror.readFile(head, 'feature', 10)).toBe('1')
  })

  it('compares a forced push with the last commit that both have', async () => {
    await commit({ file: '1' })
    const before = await commit({ pushed: 'away' })
    await git(repo.work, 'reset', '-q', '--hard', 'HEAD~1')
    const after = await commit({ instead: '1' })
    await git(repo.bare, 'config', 'uploadpack.allowAnySHA1InWant', 'true')
    expect(await changes(after, { commit: before })).toEqual({ files: ['instead'] })
  })

  it('digs deeper where a shallow mirror does not reach the common commit', async () => {
    const before = await commit({ file: '1' })
    const after = await commits(6)
    expect(await changes(after, { commit: before }, 2)).toEqual({ files: ['counter'] })
    await git(repo.work, 'checkout', '-q', '-b', 'old', before)
    const old = await commit({ old: '1' })
    mirror = openMirror(repo.bare)
    expect(await changes(old, { commit: after }, 1)).toEqual({ files: ['old'] })
  })

  it('does not know for a commit that is nowhere, nor for a branch', async () => {
    const after = await commit({ file: '1' })
    expect(await changes(after, { commit: NOWHERE })).toEqual({
      files: null,
      reason: `commit ${NOWHERE} is not in the repo any more`,
    })
    const { files, ...rest } = await changes(after, { branch: 'none' })
    expect([files, rest]).toEqual([null, { reason: 'branch none is not in the repo any more' }])
  })

  it('does not know for histories without anything in common', async () => {
    const before = await commit({ file: '1' })
    const after = await commitTree(repo, [{ mode: '100644', name: 'other', content: '1' }])
    const changed = await changes(after, { commit: before })
    expect(changed).toMatchObject({ files: null })
    expect(changed).toMatchObject({ reason: expect.stringMatching(/no history in common/) })
  })

  it('does not know for a commit that an old server does not give out', async () => {
    const server = await serveOldGit(directory)
    try {
      await commit({ file: '1' })
      const before = await commit({ pushed: 'away' })
      await git(repo.work, 'reset', '-q', '--hard', 'HEAD~1')
      const after = await commit({ instead: '1' })
      mirror = openMirror(`git://127.0.0.1:${String(server.port)}/repo.git`)
      expect(await changes(after, { commit: before })).toMatchObject({ files: null })
    } finally {
      await server.close()
    }
  })

  it('does not know when there are more than are worth telling', async () => {
    const before = await commit({ file: '1' })
    const blob = await hashObject(repo.work, 'blob', Buffer.from('x'))
    const wide = async (count: number, name: (number: number) => string): Promise<string> => {
      const entries = Array.from({ length: count }, (_, number) => name(number)).sort()
      const id = Buffer.from(blob, 'hex')
      const tree = entries.map((entry) => Buffer.concat([Buffer.from(`100644 ${entry}\0`), id]))
      const treeId = await hashObject(repo.work, 'tree', Buffer.concat(tree))
      const commit = await git(repo.work, 'commit-tree', '-p', before, '-m', 'wide', treeId)
      await git(repo.work, 'push', '-q', '--force', 'origin', `${commit}:${MAIN}`)
      return commit
    }
    const fits = await changes(await wide(19_999, String), { commit: before })
    expect(fits.files).toHaveLength(20_000)
    const many = await changes(await wide(20_001, String), { commit: before })
    expect(many).toMatchObject({ files: null, reason: expect.stringMatching(/more than 20000/) })
    const long = await wide(6_000, (number) => `${String(number)}${'n'.repeat(200)}`)
    expect(await changes(long, { commit: before })).toMatchObject({ files: null })
  })

  it('works in a repo of the other object format', async () => {
    repo = await makeRepo(directory, { name: 'sha256', format: 'sha256' })
    mirror = openMirror(repo.bare)
    const before = await commit({ file: '1' })
    const after = await commit({ file: '2' })
    expect(await changes(after, { commit: before })).toEqual({ files: ['file'] })
  })

  it('takes no other commit ids and branches', async () => {
    const after = await commit({ file: '1' })
    const refused = { code: 'SP_GIT_REFUSED' }
    await expect(changes(after, { commit: '--output=x' })).rejects.toMatchObject(refused)
    await expect(changes(after, { branch: 'a:refs/heads/b' })).rejects.toMatchObject(refused)
  })
})

describe('listFiles', () => {
  it('names the regular files of a directory, and nothing else', async () => {
    await commit({ '.ci/b.yml': '1', '.ci/a.yaml': '1', '.ci/nested/c.yml': '1', other: '1' })
    await git(repo.work, 'update-index', '--add', '--cacheinfo', `160000,${NOWHERE},.ci/module`)
    const link = await hashObject(repo.work, 'blob', Buffer.from('b.yml'))
    await git(repo.work, 'update-index', '--add', '--cacheinfo', `120000,${link},.ci/link.yml`)
    await git(repo.work, 'commit', '-q', '-m', 'links')
    await git(repo.work, 'push', '-q', 'origin', 'HEAD')
    const head = await git(repo.work, 'rev-parse', 'HEAD')
    await mirror.fetchCommit(head, MAIN)
    expect(await mirror.listFiles(head, '.ci')).toEqual(['a.yaml', 'b.yml'])
    expect(await mirror.listFiles(head, '.ci/nested')).toEqual(['c.yml'])
    expect(await mirror.listFiles(head, 'other')).toBeNull()
    expect(await mirror.listFiles(head, '.ci/module')).toBeNull()
    expect(await mirror.listFiles(head, 'nothing')).toBeNull()
    await expect(mirror.listFiles(head, '..')).rejects.toMatchObject({ code: 'SP_GIT_REFUSED' })
  })

  it('does not read a file that stands where the directory should be', async () => {
    const head = await commit({ '.ci': 'x'.repeat(20 * 1024 * 1024) })
    await mirror.fetchCommit(head, MAIN)
    await expect(mirror.listFiles(head, '.ci')).rejects.toMatchObject({
      code: 'SP_GIT_FILE_TOO_LARGE',
    })
  })
})

describe('readFiles', () => {
  it('reads files of several directories, with null for what is no file', async () => {
    const head = await commit({ a: '1', 'b/c': '2', 'b/d e': '3' })
    await mirror.fetchCommit(head, MAIN)
    const paths = ['a', 'b/c', 'b/d e', 'b', 'b/none', 'none/at/all', '../a', '/a', 'a\nb', 'a']
    const found = await mirror.readFiles(head, paths, 100)
    expect(Object.fromEntries(found)).toEqual({
      ...{ a: '1', 'b/c': '2', 'b/d e': '3' },
      ...{ b: null, 'b/none': null, 'none/at/all': null, '../a': null, '/a': null, 'a\nb': null },
    })
    expect(await mirror.readFiles(head, [], 100)).toEqual(new Map())
  })

  it('follows no links', async () => {
    const commit = await commitTree(repo, [
      { mode: '120000', name: 'link', content: '/etc/passwd' },
      { mode: '100644', name: 'real', content: 'text' },
    ])
    await mirror.fetchCommit(commit, MAIN)
    const found = await mirror.readFiles(commit, ['link', 'link/x', 'real'], 100)
    expect([...found.values()]).toEqual([null, null, 'text'])
  })

  it('is bounded', async () => {
    const head = await commit({ a: 'x'.repeat(60), b: 'x'.repeat(60), c: '1' })
    await mirror.fetchCommit(head, MAIN)
    const refused = { code: 'SP_GIT_FILE_TOO_LARGE' }
    await expect(mirror.readFiles(head, ['a', 'b'], 100)).rejects.toMatchObject(refused)
    expect((await mirror.readFiles(head, ['a', 'c'], 100)).get('c')).toBe('1')
  })
})
