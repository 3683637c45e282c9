import { describe, expect, it } from '@jest/globals'
import { parseIdMap, stageIdsOf } from './user-namespace.js'

const user = (id: number): string => `         0      ${id}          1\n`

describe('the ids of stages in a user namespace', () => {
  it('are the subordinate ones, never those of its root', () => {
    const uids = parseIdMap(`${user(1000)}         1     100000      65536\n`)
    const gids = parseIdMap(`${user(100)}         1     200000      65536\n`)
    expect(stageIdsOf(uids, gids)).toEqual({
      start: 1,
      count: 65_536,
      outside: { uid: 100_000, gid: 200_000 },
    })
  })

  it('are of one range, the largest that users and groups have in common', () => {
    const uids = parseIdMap(`${user(1000)}1 100000 1000\n1001 300000 70000\n`)
    const gids = parseIdMap(`${user(1000)}1 100000 5000\n5001 300000 70000\n`)
    expect(stageIdsOf(uids, gids)).toEqual({
      start: 5001,
      count: 65_536,
      outside: { uid: 304_000, gid: 300_000 },
    })
  })

  it('leave out root’s where the namespace has them all', () => {
    const all = parseIdMap('         0          0 4294967295\n')
    expect(stageIdsOf(all, all)).toEqual({ start: 1, count: 65_536, outside: { uid: 1, gid: 1 } })
  })

  it('are none where the namespace has but its root', () => {
    const own = parseIdMap(user(1000))
    expect(stageIdsOf(own, own)).toBeNull()
  })
})
