import { describe, expect, it } from '@jest/globals'
import { SEARCHES_MAX, SearchLine, WAITING_MAX } from './search-line.js'

/** Searches that go on until they are let go, in the order in which they began. */
function held() {
  const begun: (() => void)[] = []
  const work = () => new Promise<void>((resolve) => begun.push(resolve))
  return { begun, work }
}

const here = (): AbortSignal => new AbortController().signal

describe('searches', () => {
  it('wait in a line for their turn, and are refused when that is full', async () => {
    const line = new SearchLine()
    const { begun, work } = held()
    const places = SEARCHES_MAX + WAITING_MAX
    const taken = Array.from({ length: places }, () => line.do(here(), work))
    await expect(line.do(here(), work)).rejects.toMatchObject({ code: 'SP_LOG_BUSY' })
    for (let ended = 0; ended < places; ended += 1) {
      expect(begun.length).toBe(Math.min(ended + SEARCHES_MAX, places))
      begun[ended]?.()
      await taken[ended]
    }
    const again = line.do(here(), work)
    begun[places]?.()
    await again
  })

  it('leave the line when nobody waits for them any more', async () => {
    const line = new SearchLine()
    const { begun, work } = held()
    const taken = Array.from({ length: SEARCHES_MAX }, () => line.do(here(), work))
    const leaving = Array.from({ length: WAITING_MAX }, () => new AbortController())
    const left = leaving.map(({ signal }) => line.do(signal, work))
    for (const one of leaving) one.abort()
    for (const one of left) await expect(one).rejects.toThrow('nobody waits')
    await expect(line.do(AbortSignal.abort(), work)).rejects.toThrow('nobody waits')
    const next = line.do(here(), work)
    begun[0]?.()
    await taken[0]
    for (const end of begun.slice(1)) end()
    await Promise.all([...taken, next])
    expect(begun.length).toBe(SEARCHES_MAX + 1)
  })

  it('give their place on when they fail', async () => {
    const line = new SearchLine()
    const fail = () => Promise.reject(new Error('no such log'))
    for (let count = 0; count <= SEARCHES_MAX; count += 1) {
      await expect(line.do(here(), fail)).rejects.toThrow('no such log')
    }
    await expect(line.do(here(), () => Promise.resolve(7))).resolves.toBe(7)
  })
})
