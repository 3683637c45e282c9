import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { capture } from './capture.js'
import { measureTree } from './disk-usage.js'
import { watchDisk } from './disk-watch.js'

const { signal } = new AbortController()
let directory: string

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'sandpiper-usage-'))
})

afterEach(async () => {
  await rm(directory, { recursive: true })
})

describe('measureTree', () => {
  it('counts what is on disk', async () => {
    const empty = await measureTree(directory, { signal })
    await writeFile(path.join(directory, 'file'), Buffer.alloc(1_000_000, 1))
    expect((await measureTree(directory, { signal }))! - empty!).toBeGreaterThanOrEqual(1_000_000)
  })

  it('tells that it does not know', async () => {
    expect(await measureTree(path.join(directory, 'none'), { signal })).toBeNull()
  })
})

describe('capture', () => {
  const shell = (script: string): Promise<string | null> =>
    capture('sh', ['-c', script], { signal, timeoutMs: 2000 })

  it('gives what is printed however much goes wrong on the way', async () => {
    expect(await shell('head -c 3000000 /dev/zero >&2; echo 123; exit 1')).toBe('123\n')
  })

  it.each([
    ['does not end', 'echo 123; exec sleep 1000'],
    ['prints too much', 'head -c 9000000 /dev/zero; echo'],
    ['is killed', 'echo 123; kill -9 $$'],
  ])('gives nothing of what %s', async (_, script) => {
    expect(await shell(script)).toBeNull()
  })

  it('gives nothing of what is not there', async () => {
    expect(await capture('/none', [], { signal })).toBeNull()
  })
})

describe('watchDisk', () => {
  it('takes what it can not measure as too much', async () => {
    const sized = { directory: path.join(directory, 'none'), limitBytes: 2 ** 40, what: 'disk' }
    const used = await new Promise((resolve) => {
      watchDisk({ directories: [sized], pid: process.pid, onFull: (_, bytes) => resolve(bytes) })
    })
    expect(used).toBeNull()
  })
})
