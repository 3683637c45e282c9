import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import { hasListener, isListening, networkOf } from './listening.js'

const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n'

describe('hasListener', () => {
  it('looks at the port and the state of sockets', () => {
    const table = `${HEAD}   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 0 0\n`
    expect(hasListener(table, 5432)).toBe(true)
    expect(hasListener(table, 5433)).toBe(false)
    expect(hasListener(table.replace(' 0A ', ' 01 '), 5432)).toBe(false)
    expect(hasListener(table, 0)).toBe(false)
  })

  it('does not take the far end for the near one, and reads IPv6 tables', () => {
    const far = `${HEAD}   0: 0100007F:0050 0100007F:1538 0A 00000000:00000000\n`
    expect(hasListener(far, 5432)).toBe(false)
    const wide = `${HEAD}   0: 00000000000000000000000000000000:1538 0000:0000 0A 0:0\n`
    expect(hasListener(wide, 5432)).toBe(true)
  })

  it('takes anything', () => {
    for (const table of ['', '\n\n', 'x', HEAD]) expect(hasListener(table, 1)).toBe(false)
  })
})

describe('isListening', () => {
  it('finds a socket of a process, in its own network only', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const network = (await networkOf(process.pid))!
    expect(await isListening(process.pid, network, port)).toBe(true)
    expect(await isListening(process.pid, 'net:[1]', port)).toBe(false)
    await new Promise((resolve) => server.close(resolve))
    expect(await isListening(process.pid, network, port)).toBe(false)
  })

  it('says no of a process that is gone', async () => {
    expect(await networkOf(2 ** 30)).toBeNull()
    expect(await isListening(2 ** 30, 'net:[1]', 80)).toBe(false)
  })
})
