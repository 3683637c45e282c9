import { chmod, lstat, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { giveTree } from './give-tree.js'
import { copyTree } from './stage/copy-tree.js'
import { measureTree } from './stage/disk-usage.js'
import { ImageFiles } from './stage/image-files.js'
import { shareTree } from './stage/share-tree.js'
import { type Canary, leadsTo, makeCanary, makeHostileTree } from './testing/hostile-tree.js'
import { silentLog } from './log.js'
import { Trash } from './trash.js'

const { signal } = new AbortController()
let directory: string
let tree: string
let canary: Canary

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'sandpiper-hostile-'))
  tree = path.join(directory, 'tree')
  await mkdir(tree)
  canary = await makeCanary(directory)
  await makeHostileTree(tree, canary.directory)
})

afterEach(async () => {
  const trash = await Trash.open(path.join(directory, 'trash'), silentLog)
  await trash.discard(tree)
  await trash.idle()
  await canary.check()
  await rm(directory, { recursive: true })
})

describe('a tree that a step has made to mislead the runner', () => {
  it('would mislead who follows links', async () => {
    expect(await leadsTo(tree, canary.directory)).toEqual([
      ...['absolute', 'magic', 'relative', 'through'],
    ])
    // The same change, made the simple way.
    await chmod(path.join(tree, 'absolute'), 0o777)
    await expect(canary.check()).rejects.toThrow('the canary was')
    await chmod(path.join(tree, 'absolute'), 0o750)
  })

  it('is removed, and nothing else is', async () => {
    const trash = await Trash.open(path.join(directory, 'trash'), silentLog)
    await trash.discard(tree)
    await trash.idle()
    expect(await readdir(path.join(directory, 'trash'))).toEqual([])
    expect(await readdir(directory)).not.toContain('tree')
  })

  it('is not removed when it is a link itself: the link is', async () => {
    const link = path.join(directory, 'link')
    await symlink(canary.directory, link)
    const trash = await Trash.open(path.join(directory, 'trash'), silentLog)
    await trash.discard(link)
    await trash.idle()
    expect(await readdir(directory)).not.toContain('link')
  })

  it('is measured without what its links lead to', async () => {
    const used = await measureTree(tree, { signal })
    expect(used).toBeGreaterThan(0)
    expect(used).toBeLessThan(10 * 2 ** 20)
  })

  it('is shared and given away, but not what its links lead to', async () => {
    await shareTree(tree, signal)
    await giveTree(tree, 12_345, { signal })
    expect(await lstat(path.join(tree, 'a\nb', 'file'))).toMatchObject({ uid: 12_345 })
    expect((await lstat(path.join(tree, 'plain'))).mode & 0o777).toBe(0o777)
    expect(await lstat(path.join(tree, 'absolute'))).toMatchObject({ uid: 12_345 })
  })

  it('is copied with its links as links, and pipes are not waited for', async () => {
    // Deeper than a path can be, a working tree can't be copied: that is told as an error.
    await expect(copyTree(tree, path.join(directory, 'copy'), signal)).rejects.toMatchObject({
      code: 'SP_RUNNER_TREE',
    })
    const trash = await Trash.open(path.join(directory, 'trash'), silentLog)
    for (const name of ['tree/deep', 'copy']) await trash.discard(path.join(directory, name))
    await trash.idle()
    await copyTree(tree, path.join(directory, 'copy'), signal)
    const copied = await lstat(path.join(directory, 'copy', 'absolute'))
    expect(copied.isSymbolicLink()).toBe(true)
    expect((await lstat(path.join(directory, 'copy', 'pipe'))).isFIFO()).toBe(true)
    await rm(path.join(directory, 'copy'), { recursive: true })
  })

  it('is read as an image only inside of itself', async () => {
    const files = new ImageFiles([tree])
    for (const name of ['absolute', 'relative', 'through', 'magic']) {
      expect(await files.read(`/${name}/file`, 100)).toBeNull()
    }
    expect(await files.find('/root/plain')).toEqual({ kind: 'directory' })
    expect(await files.read('/self/self/root/plain/file', 100)).toBe('plain')
    expect(await files.read('/a\nb/file', 100)).toBe('a\nb')
    for (const name of ['pipe', 'null', 'disk']) {
      expect(await files.find(`/${name}`)).toEqual({ kind: 'other' })
      expect(await files.read(`/${name}`, 100)).toBeNull()
    }
    expect(await files.find('/loop')).toBeNull()
  })
})
