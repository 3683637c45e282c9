import { describe, expect, it } from '@jest/globals'
import { GroupCommit } from './group-commit.js'
import type { Transact } from './group-commit.js'

/** A list that is a database: what a transaction adds is there when it ends well. */
function store() {
  const rows: number[] = []
  const groups: number[] = []
  const transact: Transact<number[]> = async (work) => {
    const added: number[] = []
    const result = await work(added)
    await Promise.resolve()
    rows.push(...added)
    groups.push(added.length)
    return result
  }
  return { rows, groups, commit: new GroupCommit(transact) }
}

const add = (value: number) => (tx: number[]) => {
  tx.push(value)
  return Promise.resolve(value)
}
const fail = (tx: number[]): Promise<never> => {
  tx.push(-1)
  return Promise.reject(new Error('no'))
}

describe('a group commit', () => {
  it('is one transaction for all who wait at the same time', async () => {
    const { rows, groups, commit } = store()
    const values = Array.from({ length: 150 }, (_, index) => index)
    expect(await Promise.all(values.map((value) => commit.do(add(value))))).toEqual(values)
    expect(rows).toEqual(values)
    expect(groups).toEqual([64, 64, 22])
  })

  it('answers only after the commit', async () => {
    const { rows, commit } = store()
    await commit.do(add(1)).then(() => expect(rows).toEqual([1]))
    await commit.do(add(2)).then(() => expect(rows).toEqual([1, 2]))
  })

  it('fails the member that fails, and nobody else', async () => {
    const { rows, commit } = store()
    const work = [add(1), fail, add(2), fail, add(3)]
    const ends = await Promise.allSettled(work.map((one) => commit.do<number>(one)))
    expect(ends.map(({ status }) => status === 'fulfilled')).toEqual([
      true,
      false,
      true,
      false,
      true,
    ])
    expect(rows).toEqual([1, 2, 3])
  })

  it('fails all when the commit itself fails, and goes on when it works again', async () => {
    let isBroken = true
    const commit = new GroupCommit<number[]>(async (work) => {
      const result = await work([])
      if (isBroken) throw new Error('the disk is full')
      return result
    })
    const ends = await Promise.allSettled([commit.do(add(1)), commit.do(add(2))])
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    isBroken = false
    expect(await commit.do(add(3))).toBe(3)
  })
})
