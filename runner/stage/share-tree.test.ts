import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { shareTree } from './share-tree.js'

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'sandpiper-share-'))
  await mkdir(path.join(directory, 'sub'), { mode: 0o700 })
  await writeFile(path.join(directory, 'sub', 'file'), '', { mode: 0o600 })
})

afterEach(() => rm(directory, { recursive: true }))

async function modeOf(...names: string[]): Promise<number> {
  return (await stat(path.join(directory, ...names))).mode & 0o777
}

describe('shareTree', () => {
  it('lets everyone write, and run what could be run', async () => {
    await shareTree(directory, new AbortController().signal)
    expect(await modeOf('sub')).toBe(0o777)
    expect(await modeOf('sub', 'file')).toBe(0o666)
  })

  it('ends when it is told to', async () => {
    await expect(shareTree(directory, AbortSignal.abort())).rejects.toThrow('aborted')
    expect(await modeOf('sub')).toBe(0o700)
  })
})
