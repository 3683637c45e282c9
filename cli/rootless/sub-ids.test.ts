import { expect, it } from '@jest/globals'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findSubIds, rangesOf } from './sub-ids.js'

const ada = { name: 'ada', uid: 1000 }

it('finds the ranges of a user by name and by number, and none that is not one', () => {
  const text = [
    'ada:100000:65536',
    'adam:200000:65536',
    '1000:300000:1000',
    '10:1:1',
    'ada::5',
    'ada:7:0',
    'ada:x:9',
    '',
  ].join('\n')
  expect(rangesOf(text, ada)).toEqual([
    { start: 100_000, count: 65_536 },
    { start: 300_000, count: 1000 },
  ])
})

it('takes the largest range of each kind, and no more than a stage has use for', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sandpiper-sub-ids-'))
  try {
    await writeFile(join(directory, 'subuid'), 'ada:100000:65536\nada:300000:1000000\n')
    expect(await findSubIds(ada, directory)).toBeNull()
    await writeFile(join(directory, 'subgid'), 'ada:500000:70000\n')
    expect(await findSubIds(ada, directory)).toEqual({
      uids: { start: 300_000, count: 1_000_000 },
      gids: { start: 500_000, count: 70_000 },
      count: 65_536,
    })
  } finally {
    await rm(directory, { recursive: true })
  }
})
