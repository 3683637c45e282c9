import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { lstat, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readXattrs } from '../../native/lib/xattrs.js'
import { makeSmallDisk } from '../testing/small-disk.js'
import { DEFAULT_LAYER_LIMITS } from './limits.js'
import {
  makeTar,
  makeTemporaryDirectory,
  removeDirectory,
  sh,
  type Made,
} from './testing/archives.js'
import { unpackLayer, type UnpackOptions } from './unpack.js'

let directory = ''
let target = ''
beforeEach(async () => {
  directory = await makeTemporaryDirectory()
  target = join(directory, 'fs')
})
afterEach(() => removeDirectory(directory))

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield await Promise.resolve(bytes)
}

function unpack(
  entries: readonly Made[],
  options: UnpackOptions = {},
): ReturnType<typeof unpackLayer> {
  return unpackLayer(once(makeTar(entries)), target, DEFAULT_LAYER_LIMITS, options)
}

const seconds = async (name: string): Promise<bigint> =>
  (await lstat(join(target, name), { bigint: true })).mtimeNs / 1_000_000_000n

describe('unpackLayer', () => {
  it('takes times before 1970 and beyond all file systems', async () => {
    await sh(directory, 'mkdir tree; touch tree/old tree/late; touch -d @-5 tree/old')
    const tar = 'tar --format=posix -C tree --no-recursion -c'
    await sh(directory, `${tar} old >a; ${tar} --mtime=@99999999999999 late >b 2>/dev/null`)
    const parts = await Promise.all(['a', 'b'].map((name) => readFile(join(directory, name))))
    const archive = Buffer.concat([parts[0]!.subarray(0, 1024 + 512), parts[1]!])
    await unpackLayer(once(archive), target, DEFAULT_LAYER_LIMITS)
    expect(await seconds('old')).toBe(-5n)
    expect(await seconds('late')).toBeGreaterThan(2n ** 32n)
  })

  it('gives files to the ids that stages have, and capabilities to their root', async () => {
    const capability = '\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
    const owners = { shift: 100_000, count: 1000 }
    await unpack(
      [
        { path: 'd/f', content: 'x', uid: 7, xattrs: { 'security.capability': capability } },
        { path: 'd/.wh.gone' },
      ],
      { owners },
    )
    for (const [name, uid] of [
      ['', 100_000],
      ['d', 100_000],
      ['d/f', 100_007],
      ['d/gone', 100_000],
    ] as const) {
      expect([name, (await lstat(join(target, name))).uid]).toEqual([name, uid])
    }
    const value = Buffer.from(
      readXattrs(join(target, 'd/f')).get('security.capability') ?? '',
      'latin1',
    )
    // Revision 3 has the root that it counts for (capabilities(7)).
    expect([value.readUInt32LE(0), value.readUInt32LE(20)]).toEqual([0x0300_0001, 100_000])
    await removeDirectory(target)
    const tooMany = unpack([{ path: 'f', uid: 1000 }], { owners })
    await expect(tooMany).rejects.toMatchObject({ code: 'SP_LAYER_IDS' })
    await removeDirectory(target)
    await expect(unpack([{ path: 'f', uid: 0xffff_ffff }])).rejects.toMatchObject({
      code: 'SP_LAYER_IDS',
    })
  })

  it('inherits no rights from the directory that it is in', async () => {
    await sh(directory, 'mkdir in; chmod 2777 in; chgrp 5 in')
    target = join(directory, 'in/fs')
    await unpack([
      { path: 'd/', flag: '5' },
      { path: 'd/f', mode: 0o640 },
    ])
    const { mode, gid } = await lstat(join(target, 'd/f'))
    expect([mode & 0o7777, gid]).toEqual([0o640, 0])
    expect((await lstat(join(target, 'd'))).mode & 0o7777).toBe(0o755)
  })

  it('tells whether a layer leaves anything to those below', async () => {
    const bound = async (entries: readonly Made[]): Promise<boolean> => {
      await removeDirectory(target)
      return (await unpack(entries)).isBound
    }
    const d = { path: 'd/', flag: '5' }
    expect(await bound([d, { path: 'd/f' }, { path: 'd/.wh.x' }, { path: 'top' }])).toBe(false)
    expect(await bound([{ path: 'd/f' }])).toBe(true)
    expect(await bound([{ path: 'd/.wh.f' }])).toBe(true)
  })

  it('says that the disk is full, when it is', async () => {
    const disk = await makeSmallDisk()
    try {
      target = join(disk.directory, 'fs')
      disk.fill(2 * 1024 * 1024)
      const full = unpack([{ path: 'f', content: 'x'.repeat(8 * 1024 * 1024) }])
      await expect(full).rejects.toMatchObject({
        code: 'SP_LAYER_DISK_FULL',
        message: expect.stringContaining('ENOSPC') as unknown,
      })
    } finally {
      await disk.remove()
    }
  })

  it('ends at once when it is aborted, also while its source brings nothing', async () => {
    const controller = new AbortController()
    const stuck = (async function* () {
      yield makeTar([{ path: 'f', content: 'x' }]).subarray(0, 512)
      controller.abort()
      await new Promise(() => undefined)
    })()
    const options = { signal: controller.signal }
    await expect(unpackLayer(stuck, target, DEFAULT_LAYER_LIMITS, options)).rejects.toMatchObject({
      name: 'AbortError',
    })
    await expect(unpack([], options)).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('unpacks into a directory of its own only', async () => {
    await mkdir(target)
    await writeFile(join(target, 'mine'), 'x')
    await expect(unpack([{ path: 'f' }])).rejects.toMatchObject({ code: 'EEXIST' })
  })
})
