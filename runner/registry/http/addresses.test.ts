import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { DEFAULT_TIMEOUTS } from '../limits.js'
import { LINK, LOOPBACK, PRIVATE, PUBLIC, nearnessOf, type Nearness } from './addresses.js'
import { Connections } from './connections.js'
import { exchange } from './exchange.js'

test.each<[string, Nearness]>([
  ['8.8.8.8', PUBLIC],
  ['2a00:1450::1', PUBLIC],
  ['172.32.0.1', PUBLIC],
  ['10.1.2.3', PRIVATE],
  ['172.16.0.1', PRIVATE],
  ['172.31.255.255', PRIVATE],
  ['192.168.1.1', PRIVATE],
  ['100.100.100.200', PRIVATE],
  ['fd00:ec2::254', PRIVATE],
  ['127.0.0.1', LOOPBACK],
  ['127.255.0.1', LOOPBACK],
  ['0.0.0.0', LOOPBACK],
  ['::1', LOOPBACK],
  ['::', LOOPBACK],
  ['::ffff:127.0.0.1', LOOPBACK],
  ['::ffff:7f00:1', LOOPBACK],
  ['64:ff9b::10.0.0.1', PRIVATE],
  ['169.254.169.254', LINK],
  ['::ffff:169.254.169.254', LINK],
  ['fe80::1', LINK],
  ['fe80::1%eth0', LINK],
  ['224.0.0.1', LINK],
  ['255.255.255.255', LINK],
])('%s is as near as %d', (address, nearness) => {
  expect(nearnessOf(address)).toBe(nearness)
})

describe('a connection', () => {
  let server: Server
  let port: number
  let requests = 0
  const connections = new Connections({ connectMs: 1000 })

  beforeAll(async () => {
    server = createServer((_, response) => {
      requests += 1
      response.end('hello')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  })

  afterAll(async () => {
    await connections.close()
    server.closeAllConnections()
    server.close()
  })

  async function get(host: string, nearest: Nearness): Promise<string> {
    const ways = { connections, timeouts: DEFAULT_TIMEOUTS }
    const url = new URL(`http://${host}:${String(port)}/`)
    const message = { method: 'GET', url, headers: {} } as const
    const answer = await exchange(ways, { isInsecure: false, nearest }, 'registry x', message)
    return (await answer.read(100, 'it')).toString()
  }

  test.each(['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '0x7f.1', '2130706433'])(
    'is made to %s only by whom loopback is allowed, however it is spelled',
    async (host) => {
      for (const nearest of [PUBLIC, PRIVATE]) {
        await expect(get(host, nearest)).rejects.toMatchObject({
          code: 'SP_REGISTRY_ADDRESS',
          message: expect.stringContaining('loopback address'),
        })
      }
      expect(requests).toBe(0)
    },
  )

  test('to a host is remembered with the farthest address that it has been at', async () => {
    expect(await get('localhost', LOOPBACK)).toBe('hello')
    expect(connections.farthest('localhost')).toBe(LOOPBACK)
    expect(connections.farthest('registry.example')).toBeNull()
  })
})
