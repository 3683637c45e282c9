import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { mkdtemp, rm, stat, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tryLockFile } from './lock.js'

let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sandpiper-lock-'))
})
afterAll(() => rm(directory, { recursive: true }))

describe('tryLockFile', () => {
  it('gives a lock to one holder at a time', async () => {
    const path = join(directory, 'one')
    const lock = tryLockFile(path)
    expect(lock).not.toBeNull()
    expect(tryLockFile(path)).toBeNull()
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    await lock?.release()
    const again = tryLockFile(path)
    expect(again).not.toBeNull()
    await again?.release()
  })

  it('names the file it can not open, and follows no link', async () => {
    expect(() => tryLockFile(join(directory, 'no/lock'))).toThrow(
      `open on ${directory}/no/lock: ENOENT`,
    )
    await symlink('/etc/passwd', join(directory, 'link'))
    expect(() => tryLockFile(join(directory, 'link'))).toThrow('ELOOP')
  })
})
