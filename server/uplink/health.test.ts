import { describe, expect, it } from '@jest/globals'
import { UplinkHealth } from './health.js'

function setUp(): { health: UplinkHealth; at: (time: number) => void } {
  let now = 1_000
  const health = new UplinkHealth({ now: () => now }, 100)
  return { health, at: (time) => (now = time) }
}

describe("the health of the reader of runners' reports", () => {
  it('is bad before it has caught up once', () => {
    const { health } = setUp()
    expect(health.healthySince()).toBeNull()
    expect(health.trouble()).toBe('not connected yet')
  })

  it('counts from the first time it caught up, as long as it goes on to', () => {
    const { health, at } = setUp()
    for (const time of [2_000, 2_090, 2_180]) {
      at(time)
      health.caughtUp()
      expect(health.healthySince()).toBe(2_000)
    }
    expect(health.trouble()).toBe('')
  })

  it('counts anew after it, or the whole machine, was stopped for a while', () => {
    const { health, at } = setUp()
    health.caughtUp()
    at(1_101)
    expect(health.healthySince()).toBeNull()
    expect(health.trouble()).not.toBe('')
    health.caughtUp()
    expect(health.healthySince()).toBe(1_101)
  })

  it('counts anew after a failure, however short', () => {
    const { health, at } = setUp()
    health.caughtUp()
    health.failed('Redis is away')
    expect([health.healthySince(), health.trouble()]).toEqual([null, 'Redis is away'])
    at(1_010)
    health.caughtUp()
    expect([health.healthySince(), health.trouble()]).toEqual([1_010, ''])
  })

  it('is bad while the clock stands before the last time it caught up', () => {
    const { health, at } = setUp()
    health.caughtUp()
    at(500)
    expect(health.healthySince()).toBeNull()
  })
})
