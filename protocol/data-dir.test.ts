import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { chmod, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeDataDirectory, makePrivateDirectory } from './data-dir.js'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sandpiper-data-'))
  await chmod(directory, 0o755)
})
afterEach(() => rm(directory, { recursive: true, force: true }))

async function modeOf(...names: string[]): Promise<number> {
  return (await stat(join(directory, ...names))).mode & 0o777
}

describe.each([makeDataDirectory, makePrivateDirectory])('%p', (make) => {
  it('makes what is missing, private, and leaves what is above as it is', async () => {
    await Promise.all([make(join(directory, 'a/b')), make(join(directory, 'a/c'))])
    expect(await modeOf('a')).toBe(0o700)
    expect(await modeOf('a/b')).toBe(0o700)
    expect(await modeOf('a/c')).toBe(0o700)
    expect(await modeOf()).toBe(0o755)
  })

  it('tells what is wrong with a place where nothing can be made', async () => {
    await writeFile(join(directory, 'file'), '')
    await symlink('nowhere', join(directory, 'link'))
    const places = ['/proc/nope', '/proc/nope/more', `${directory}/file`, `${directory}/file/x`]
    for (const path of [...places, `${directory}/link`]) {
      await expect(make(path)).rejects.toMatchObject({
        code: 'SP_DATA_DIR',
        message: expect.stringContaining(path),
        hint: expect.stringContaining('--data'),
      })
    }
  })
})

it('closes a directory of ours that is open to others, but not the data directory', async () => {
  for (const name of ['data', 'own']) {
    await mkdir(join(directory, name))
    await chmod(join(directory, name), 0o755)
  }
  await makeDataDirectory(join(directory, 'data'))
  await makePrivateDirectory(join(directory, 'own'))
  expect(await modeOf('data')).toBe(0o755)
  expect(await modeOf('own')).toBe(0o700)
})
