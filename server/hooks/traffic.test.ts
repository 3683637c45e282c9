import { describe, expect, it } from '@jest/globals'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:net'
import { setImmediate } from 'node:timers/promises'
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

  it('lets those go first that arrived while something held up the process', async () => {
    const traffic = new HookTraffic()
    const server = createServer(() => traffic.begin()).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const hook = connect((server.address() as AddressInfo).port, '127.0.0.1')
    try {
      traffic.begin()
      traffic.end()
      const end = performance.now() + 30
      while (performance.now() < end);
      let went = false
      const waiting = traffic.quiet().then(() => (went = true))
      await once(server, 'connection')
      await setImmediate()
      expect(went).toBe(false)
      traffic.end()
      await waiting
    } finally {
      hook.destroy()
      server.close()
    }
  })

  it('goes on one after the other, and even when webhooks never end', async () => {
    const traffic = new HookTraffic()
    traffic.begin()
    const order: number[] = []
    await Promise.all([1, 2, 3].map((one) => traffic.quiet().then(() => order.push(one))))
    expect(order).toEqual([1, 2, 3])
  })

  it('waits once for a webhook that never ends', async () => {
    const traffic = new HookTraffic()
    traffic.begin()
    await traffic.quiet()
    let went = false
    void traffic.quiet().then(() => (went = true))
    for (let turn = 0; turn < 10; turn += 1) await setImmediate()
    expect(went).toBe(true)
  })
})
