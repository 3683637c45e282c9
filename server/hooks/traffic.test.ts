import { describe, expect, it } from '@jest/globals'
import { HookTraffic } from './traffic.js'

describe('other work', () => {
  it('goes on at once when no webhook waits, and when the last was answered', async () => {
    const traffic = new HookTraffic()
    await traffic.quiet()
    traffic.begin()
    traffic.begin()
    let went = false
    const waiting = traffic.quiet().then(() => (went = true))
    traffic.end()
    expect(went).toBe(false)
    traffic.end()
    await waiting
  })

  it('goes on one after the other, and even when webhooks never end', async () => {
    const traffic = new HookTraffic()
    traffic.begin()
    const order: number[] = []
    await Promise.all([1, 2, 3].map((one) => traffic.quiet().then(() => order.push(one))))
    expect(order).toEqual([1, 2, 3])
  })
})
