import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withFileLock } from './file-lock.js'
import { ownIdentity } from './process-identity.js'
import { makeTemporaryDirectory, removeDirectory } from './testing/repo.js'

const TOKEN = '00000000-0000-0000-0000-000000000000'
let directory = ''
let lock = ''

beforeEach(async () => {
  directory = await makeTemporaryDirectory()
  lock = join(directory, 'x.lock')
})
afterEach(() => removeDirectory(directory))

/** What a process that has been killed left behind. */
async function deadHolder(): Promise<string> {
  const child = spawn('sleep', ['60'])
  const stat = await readFile(`/proc/${String(child.pid)}/stat`, 'utf8')
  const startTime = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  child.kill('SIGKILL')
  await once(child, 'exit')
  return JSON.stringify({ token: TOKEN, ...(await ownIdentity()), pid: child.pid, startTime })
}

describe('withFileLock', () => {
  it('lets one in at a time and leaves nothing', async () => {
    let inside = 0
    let most = 0
    const work = async (): Promise<void> => {
      inside += 1
      most = Math.max(most, inside)
      await new Promise((done) => setImmediate(done))
      inside -= 1
    }
    const all = Array.from({ length: 12 }, () => withFileLock(lock, { timeoutMs: 20_000 }, work))
    await Promise.all(all)
    expect(most).toBe(1)
    expect(await readdir(directory)).toEqual([])
  })

  it('takes over from a process that was killed, once, also when several try', async () => {
    await writeFile(lock, await deadHolder())
    await writeFile(`${lock}.break-${TOKEN}-0`, await deadHolder())
    await writeFile(`${lock}.draft-1`, await deadHolder())
    let inside = 0
    let most = 0
    const work = async (): Promise<void> => {
      inside += 1
      most = Math.max(most, inside)
      await new Promise((done) => setImmediate(done))
      inside -= 1
    }
    const all = Array.from({ length: 8 }, () => withFileLock(lock, { timeoutMs: 20_000 }, work))
    await Promise.all(all)
    expect(most).toBe(1)
    expect(await readdir(directory)).toEqual([])
  })

  it('takes over from a boot before this one and from a file that was cut short', async () => {
    const own = await ownIdentity()
    await writeFile(lock, JSON.stringify({ token: TOKEN, ...own, bootId: 'other' }))
    expect(await withFileLock(lock, { timeoutMs: 20_000 }, () => Promise.resolve(1))).toBe(1)
    await writeFile(lock, '')
    expect(await withFileLock(lock, { timeoutMs: 20_000 }, () => Promise.resolve(2))).toBe(2)
  })

  it('waits for a living holder no longer than asked, and stops when aborted', async () => {
    await writeFile(lock, JSON.stringify({ token: TOKEN, ...(await ownIdentity()) }))
    const never = (): Promise<never> => Promise.reject(new Error('must not run'))
    await expect(withFileLock(lock, { timeoutMs: 50 }, never)).rejects.toMatchObject({
      code: 'SP_LOCK_TIMEOUT',
    })
    const aborter = new AbortController()
    const waiting = withFileLock(lock, { timeoutMs: 60_000, signal: aborter.signal }, never)
    aborter.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    await rm(lock)
    expect(await readdir(directory)).toEqual([])
  })

  it('is free again when the work has thrown', async () => {
    const failing = withFileLock(lock, { timeoutMs: 1000 }, () => Promise.reject(new Error('no')))
    await expect(failing).rejects.toThrow('no')
    expect(await withFileLock(lock, { timeoutMs: 1000 }, () => Promise.resolve(3))).toBe(3)
  })
})
