import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { overlap4, parseLocal4, parseRoutes4, readHostNetwork } from './host-network.js'

const TRIE = `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 127.0.0.0/31 1 0 0
        |-- 127.0.0.0
           /8 host LOCAL
        |-- 127.0.0.1
           /32 host LOCAL
     |-- 192.0.2.0
        /24 link UNICAST
     |-- 192.0.2.2
        /32 host LOCAL
     |-- 192.0.2.255
        /32 link BROADCAST
`

const ROUTES = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010200C0	0003	0	0	0	00000000	0	0	0
eth0	000200C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
eth1	00000A0A	00000000	0000	0	0	0	0000FFFF	0	0	0
`

const ROUTES6 = [
  'fd000000000000000000000000000002 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000003 00000000 80200001     eth0',
  'fe800000000000000000000000000000 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000003 00000000 00300001     eth0',
  'fd000000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000002 00000000 00000001     eth0',
  '00000000000000000000000000000000 00 00000000000000000000000000000000 00 fd000000000000000000000000000001 00000400 00000003 00000000 00000003     eth0',
  '00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo',
].join('\n')

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'sandpiper-proc-'))
})
afterEach(() => rm(directory, { recursive: true }))

describe('readHostNetwork', () => {
  it('knows all that the host takes for its own, and which ways out it has', async () => {
    const files = { fib_trie: TRIE, route: ROUTES, ipv6_route: ROUTES6 }
    for (const [name, text] of Object.entries(files)) {
      await writeFile(path.join(directory, name), text)
    }
    expect(await readHostNetwork(directory)).toEqual({
      own: {
        v4: ['127.0.0.0/8', '127.0.0.1/32', '192.0.2.2/32'],
        v6: ['fd00:0:0:0:0:0:0:2/128', 'fe80:0:0:0:0:0:0:0/128'],
      },
      outside: { v4: true, v6: true },
      routes4: ['192.0.2.0/24'],
    })
  })

  it('takes what is not there as empty, and the route to nowhere as none', async () => {
    await writeFile(path.join(directory, 'ipv6_route'), ROUTES6.split('\n').at(-1)!)
    expect(await readHostNetwork(directory)).toEqual({
      own: { v4: [], v6: [] },
      outside: { v4: false, v6: false },
      routes4: [],
    })
  })

  it('finds the loopback address of the host that the test runs on', async () => {
    const { own } = await readHostNetwork()
    expect(own.v4).toContain('127.0.0.1/32')
  })
})

describe('the tables of /proc/net', () => {
  it('may hold anything', () => {
    for (const text of ['', '\n', 'x', '|--', '/32 host LOCAL']) {
      expect(parseLocal4(text).length).toBeLessThan(2)
      expect(parseRoutes4(text)).toEqual([])
    }
  })
})

describe('overlap4', () => {
  it.each([
    ['10.0.0.0/8', '10.213.120.0/22', true],
    ['10.213.123.7/32', '10.213.120.0/22', true],
    ['10.213.124.0/24', '10.213.120.0/22', false],
    ['192.168.0.0/16', '172.30.120.0/22', false],
    ['240.0.0.0/4', '255.255.255.255/32', true],
  ])('%s and %s: %s', (one, other, result) => {
    expect(overlap4(one, other)).toBe(result)
    expect(overlap4(other, one)).toBe(result)
  })
})
