import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { tryLockFile } from '../native/lib/index.js'
import { ID_RANGES, IDS_FIRST, IDS_PER_STAGE, IdPool } from './ids.js'

let parent: string
let directory: string

beforeEach(async () => {
  parent = await mkdtemp(path.join(os.tmpdir(), 'sandpiper-ids-'))
  directory = path.join(parent, 'run', 'ids')
})

afterEach(() => rm(parent, { recursive: true, force: true }))

const pool = (ranges?: number): IdPool =>
  new IdPool({ tryLockFile, directory, ...(ranges === undefined ? {} : { ranges }) })

describe('IdPool', () => {
  it('stays between the ids of systemd and 2^31', () => {
    expect(IDS_FIRST).toBe(1_879_048_192)
    expect(IDS_FIRST + ID_RANGES * IDS_PER_STAGE).toBeLessThanOrEqual(2 ** 31)
  })

  it('never gives the same range to two, also of different runners', async () => {
    const pools = [pool(8), pool(8)]
    const ranges = await Promise.all(
      Array.from({ length: 8 }, (_, index) => pools[index % 2]!.acquire()),
    )
    const starts = new Set(ranges.map(({ start }) => start))
    expect(starts.size).toBe(8)
    for (const start of starts) expect((start - IDS_FIRST) % IDS_PER_STAGE).toBe(0)
    await expect(pool(8).acquire()).rejects.toMatchObject({ code: 'SP_RUNNER_NO_IDS' })
    await ranges[3]!.release()
    expect((await pool(8).acquire()).start).toBe(ranges[3]!.start)
  })

  it('removes its files, and the directory with the last of them', async () => {
    const range = await pool().acquire()
    expect(await readdir(directory)).toHaveLength(1)
    await range.release()
    expect(await readdir(parent)).toEqual([])
  })

  it('sweeps what nobody holds and leaves the rest', async () => {
    const range = await pool().acquire()
    const held = await readdir(directory)
    await writeFile(path.join(directory, '4999'), '')
    await pool().sweep()
    expect(await readdir(directory)).toEqual(held)
    await range.release()
  })
})
